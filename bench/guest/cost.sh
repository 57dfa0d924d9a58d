# In the guest: the load program times the bare kernel and one state, in turns. Each time it runs once for each TIMING,
# which is what it is told, in words. Usage: cost.sh STATE TURNS TIMING...
state=$1
turns=$2
shift 2
timings=("$@")
mkdir -p /data /root/out
programs=/camflow/bench/dist/capture
exec {never}<> <(:)
pause() { read -r -t "$1" -u "$never"; }
# Waits for a word in the errors of what was started last.
until_said() { until [[ $(<errors) == *$1* ]]; do [ -e "/proc/$!" ] || { cat errors >&2; exit 1; }; pause 0.5; done; }
time_all() {
  local timing told
  for timing in "${timings[@]}"; do
    read -r -a told <<<"$timing"
    /root/bin/costload --cpu 1 --dir /data --tag "$1" "${told[@]}" || exit
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
# CPU time of what was started last, in hundredths of a second; 0 where it has ended.
used() {
  local stat
  [ -e "/proc/$!/stat" ] || { echo 0; return; }
  read -r -a stat <"/proc/$!/stat"
  echo $((stat[13] + stat[14]))
}
enter() {
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
}
leave() {
  case $state in
    reader) stop ;;
    recorder)
      stop
      rm /root/out/log
      ;;
  esac
  node $programs/print-losses.js "$state"
  camflow unload >/dev/null || exit
}
time_bare() {
  pause 2
  time_all bare
}
time_state() {
  local before
  enter
  pause 2
  before=$(used)
  time_all "$state"
  echo "{\"tag\":\"$state\",\"name\":\"reader\",\"hundredths\":$(($(used) - before))}"
  leave
}

cd /root
# There is something that was started last.
true &
wait "$!"
time_all warm
for ((turn = 0; turn < turns; turn += 2)); do
  time_bare
  time_state
  time_state
  time_bare
done
