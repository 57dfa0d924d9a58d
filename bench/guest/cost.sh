# In the guest: times the bare kernel, one state, and the bare kernel again: so many TIMES the state, half of that on each
# side of it. A time the load program runs once for each TIMING, which is what it is told, in words. Usage:
# cost.sh STATE TIMES SEED TIMING...
state=$1
times=$2
seed=$3
shift 3
timings=("$@")
mkdir -p /data /root/out
programs=/camflow/bench/dist/capture
exec {never}<> <(:)
pause() { read -r -t "$1" -u "$never"; }
# Waits for a word in the errors of what was started last.
until_said() { until [[ $(<errors) == *$1* ]]; do [ -e "/proc/$!" ] || { cat errors >&2; exit 1; }; pause 0.5; done; }
# time_all TAG TIMES
time_all() {
  local time timing told
  for ((time = 0; time < $2; time++)); do
    for timing in "${timings[@]}"; do
      read -r -a told <<<"$timing"
      /root/bin/costload --cpu 1 --dir /data --tag "$1" --seed $((seed++)) "${told[@]}" || exit
    done
  done
}
read_all() {
  taskset -c 0 node $programs/raw-reader.js 2>errors &
  until_said reading
}
stop() {
  kill -TERM "$!"
  wait "$!"
}
# CPU time of what was started last, in hundredths of a second; 0 where nothing runs.
used() {
  local stat file=/proc/${!:-none}/stat
  [ -e "$file" ] || { echo 0; return; }
  read -r -a stat <"$file"
  echo $((stat[13] + stat[14]))
}

cd /root
time_all warm 1
time_all bare $((times / 2))
case $state in
  disabled) node $programs/load-disabled.js || exit ;;
  stopped)
    read_all
    ls -lR /usr >/dev/null
    stop
    ;;
  untracked) node $programs/load-disabled.js && camflow -e true || exit ;;
  reader) read_all ;;
  recorder)
    camflowd --set general.source=kernel --set kernel.record=all --set kernel.ring_mib=256 \
      --set general.output=log --set log.path=/root/out/log 2>errors &
    until_said recording
    ;;
esac
pause 2
before=$(used)
time_all "$state" "$times"
echo "{\"tag\":\"$state\",\"name\":\"reader\",\"hundredths\":$(($(used) - before))}"
case $state in reader | recorder) stop ;; esac
node $programs/print-losses.js "$state"
camflow unload >/dev/null || exit
rm -f /root/out/*
pause 2
time_all bare $((times / 2))
