# Asks Redis for its health, for Docker: `bash probe.sh`. It logs in as `health`, who may PING and nothing else.
#
# bash alone, and no redis-cli: Docker ends no more of a late probe than its first process, and what else it had started
# would stay behind as zombies of Redis, who waits for no child of others, until there is room for no other process.
host=127.0.0.1 port=6379
user=health
secret=/run/secrets/redis-health-password
seconds=1  # for each answer, and shorter than Docker's timeout: who is late is to be told so

# Redis needs processes to rewrite its file. To try would leave one behind, so the kernel is asked: version 1, version 2.
for counted in /sys/fs/cgroup/pids /sys/fs/cgroup; do
    { read -r now < $counted/pids.current && read -r most < $counted/pids.max; } 2> /dev/null || continue
    [[ $most == max ]] || ((now <= most)) || { echo "no room for a process: $now of $most"; exit 1; }
done

IFS= read -r password < "$secret" || [ -n "$password" ] || { echo "no password in $secret"; exit 1; }
exec 3<> "/dev/tcp/$host/$port" || exit 1  # bash says why

# Prints what Redis answers to a command, which is sent as RESP: whatever is in a word, it stays one. Redis counts bytes.
ask() {
    local LC_ALL=C word request="*$#"$'\r\n'
    for word; do request+="\$${#word}"$'\r\n'"$word"$'\r\n'; done
    printf '%s' "$request" >&3
    IFS= read -r -t "$seconds" answer <&3
    [ $? -le 128 ] || { echo "no answer on $host:$port within $seconds s: timed out"; exit 1; }
}

ask AUTH "$user" "$password"
[[ $answer == +OK$'\r' ]] || { echo "not let in: ${answer%$'\r'}"; exit 1; }
ask PING
[[ $answer == +PONG$'\r' ]] || { echo "no PONG: ${answer%$'\r'}"; exit 1; }
