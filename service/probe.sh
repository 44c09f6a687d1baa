# Asks the service for its health, for Docker: `bash probe.sh [port] [seconds]`.
#
# Docker runs this every few seconds for as long as the container lives. It costs what starting an interpreter costs, and
# bash starts in a tenth of Python's time. It starts nothing else: when Docker gives up on it, nothing is left behind.
host=127.0.0.1  # `localhost` is ::1 first, where nothing listens
port=${1:-5000}
seconds=${2:-1}  # for the whole answer, and shorter than Docker's timeout: who is late is to be told so
characters=4096  # of the answer; Docker keeps no more either
end=$'\r\n'

exec 3<> "/dev/tcp/$host/$port" || exit 1  # bash says why
printf 'GET /healthcheck HTTP/1.0\r\n\r\n' >&3
IFS= read -r -d '' -n "$characters" -t "$seconds" answer <&3  # until the service hangs up
[ $? -le 128 ] || { echo "no answer on $host:$port within $seconds s: timed out"; exit 1; }

status=${answer%%"$end"*} head=${answer%%"$end$end"*}
body=${answer:${#head}}
[[ ${head,,} =~ proxy-status:[^$end]* ]]  # there where Redis was only late
echo "$status ${body//[$end]} ${BASH_REMATCH[0]}"
[[ $status == 'HTTP/1.1 200 '* ]]
