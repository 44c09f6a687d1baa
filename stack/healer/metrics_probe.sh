# The health check of what serves the healers' metrics: `bash metrics_probe.sh`. Built-ins alone, as in probe.sh.
seconds=1  # shorter than Docker's timeout: who is late is to be told so
exec 3<> /dev/tcp/127.0.0.1/9101 || exit 1  # bash says why
printf 'GET /health HTTP/1.0\r\n\r\n' >&3
IFS= read -r -t "$seconds" status <&3
[ $? -le 128 ] || { echo "no answer within $seconds s: timed out"; exit 1; }
echo "${status%$'\r'}"
[[ $status == 'HTTP/1.'[01]' 200 '* ]]
