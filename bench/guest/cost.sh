# In the guest: the load program runs once for each TIMING, which is what it is told, in words: on the bare kernel, and
# then in one state. Usage: cost.sh STATE TIMING...
state=$1
shift
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

cd /root
time_all bare
case $state in
  disabled) node $programs/load-disabled.js || exit ;;
  untracked)
    node $programs/load-disabled.js && camflow -e true || exit
    ;;
  reader)
    taskset -c 0 node $programs/raw-reader.js 2>errors &
    until_said reading
    ;;
  recorder)
    camflowd --set general.source=kernel --set kernel.record=all --set kernel.ring_mib=256 \
      --set general.output=log --set log.path=/root/out/log 2>errors &
    until_said recording
    ;;
esac
reader=${!:-none}
pause 2
used() { [ -e "/proc/$reader/stat" ] || { echo 0; return; }; read -r -a stat <"/proc/$reader/stat"; echo $((stat[13] + stat[14])); }
before=$(used)
time_all "$state"
echo "{\"tag\":\"$state\",\"name\":\"reader\",\"hundredths\":$(($(used) - before))}"
case $state in reader | recorder)
  kill -TERM "$reader"
  wait "$reader"
  ;;
esac
node $programs/print-losses.js "$state"
