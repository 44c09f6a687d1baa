# The health check of a healer, and of a filter: did its heart, which beats in its event loop, beat in the last 2 to 3 s? Built-ins of the
# shell tell, for a tenth of what starting Python costs. Both times are of the kernel's clock since boot, which nobody sets.
cd /run/healer || exit 1
# A healer needs no other process, but one without room for any is not well. To try would leave a zombie behind whenever
# Docker gives up on this, so the kernel is asked: of control groups version 1, and of version 2.
for counted in /sys/fs/cgroup/pids /sys/fs/cgroup; do
    { read -r now < $counted/pids.current && read -r most < $counted/pids.max; } 2> /dev/null || continue
    [ "$most" = max ] || [ "$now" -le "$most" ] || { echo "no room for a process: $now of $most"; exit 1; }
done
{ read -r beat < heartbeat; } 2> /dev/null || { echo "no heartbeat yet"; exit 1; }
read -r now _ < /proc/uptime
age=$((${now%.*} - ${beat%.*}))
[ "$age" -ge 0 ] && [ "$age" -lt 3 ] || { echo "timed out: no heartbeat for $age s"; exit 1; }
