import type { ControlStep } from './control-step.ts';
import { fedBack, forget, sayByHand } from './fed-back.ts';

const account = 1000;
const page = 'http://127.0.0.1:8080/page';

/** Files that come back from the guest. */
export const fetched = {
  first: '/root/first.jsonl',
  prov: '/root/first.provjson',
  second: '/root/second.jsonl',
} as const;

const startRecorder = (log: string): string => `
  printf '[general]\\noutput=log,prov\\n[log]\\nformat=spade_json\\npath=%s\\n' ${log} > /root/camflowd.ini
  printf '[prov]\\nplugin=log\\nformat=w3c\\npath=${fetched.prov}\\n' >> /root/camflowd.ini
  camflowd --config /root/camflowd.ini > /root/daemon.log 2>&1 < /dev/null &
  echo $! > /root/daemon.pid
  until grep -q recording /root/daemon.log; do sleep 0.2; [ -e /proc/$! ] || exit 1; done`;
const stopRecorder = `kill $(cat /root/daemon.pid); until grep -q 'msg="stopped' /root/daemon.log; do sleep 0.2; done`;

/** Names of the steps of {@link walkThrough}. */
export type WalkThroughStep =
  | 'stage'
  | 'configured'
  | 'recorder'
  | 'state'
  | 'track'
  | 'download'
  | 'written'
  | 'onlyRead'
  | 'hashBefore'
  | 'userState'
  | 'rootState'
  | 'userDiscloses'
  | 'userChanges'
  | 'userMarks'
  | 'userLooks'
  | 'userTouches'
  | 'hashAfter'
  | 'stop'
  | 'untrack'
  | 'untracked'
  | 'edited'
  | 'recorderAgain'
  | 'downloadAgain'
  | 'writtenAgain'
  | 'stopAgain'
  | 'save'
  | 'restart'
  | 'forgotten'
  | 'configuredAgain'
  | 'kept'
  | 'forget'
  | 'fedBack';

/** As a user of CamFlow begins: by hand, then by camflow.ini. Names say what each step is for. */
export const walkThrough: Readonly<Record<WalkThroughStep, ControlStep>> = {
  stage: {
    shell: `
      echo 'user:x:1000:1000::/root:/bin/sh' >> /etc/passwd; echo 'user:x:1000:' >> /etc/group
      cp /camflow/config/camflow.ini /etc/camflow.ini
      mkdir -p /srv/www /srv/inbox; echo hello > /srv/www/page; ip link set lo up
      python3 /camflow/tests/fixtures/demo/server.py > /dev/null 2>&1 < /dev/null`,
  },
  configured: { shell: 'camconfd' },
  recorder: { shell: startRecorder(fetched.first) },
  state: { camflow: ['-s'] },
  track: { camflow: ['--track-file', '/usr/bin/wget', 'true'] },
  download: { shell: `wget -q -O /root/page ${page}; cat /root/page > /dev/null` },
  written: { camflow: ['--file', '/root/page'] },
  onlyRead: { camflow: ['--file', '/srv/www/page'] },
  // What any user may see and do, and may not.
  hashBefore: { camflow: ['-p'] },
  userState: { shell: 'camflow -s', uid: account },
  rootState: { camflow: ['-s'] },
  userDiscloses: {
    shell: 'echo $$; exec node /camflow/core/disclose/examples/word-count.js /etc/passwd',
    uid: account,
  },
  userChanges: { shell: 'camflow -e false', uid: account },
  userMarks: { shell: 'camflow --track-file /usr/bin/wget false', uid: account },
  userLooks: { shell: 'camflow --process 1', uid: account },
  userTouches: {
    shell:
      'ls /sys/fs/bpf/camflow; echo 1 > /run/camflow/control.lock; rm -f /run/camflow/control.sock; ls /run/camflow/control.sock',
    uid: account,
  },
  hashAfter: { camflow: ['-p'] },
  stop: { shell: stopRecorder },
  untrack: { camflow: ['--track-file', '/usr/bin/wget', 'false'] },
  untracked: { camflow: ['--file', '/usr/bin/wget'] },
  // The same by the file, which also asks for it to be kept.
  edited: {
    shell: `sed -i 's/^\\[file\\]/[file]\\ntrack=\\/usr\\/bin\\/wget\\npersist=true/' /etc/camflow.ini; camconfd`,
  },
  recorderAgain: { shell: startRecorder(fetched.second) },
  downloadAgain: { shell: `wget -q -O /root/again ${page}` },
  writtenAgain: { camflow: ['--file', '/root/again'] },
  stopAgain: { shell: stopRecorder },
  // The machine is started anew, as far as the programs and camconfd can tell.
  save: { shell: 'camconfd --save' },
  restart: {
    shell: `camflow unload; sed -i 's/"kernelBoot": "[^"]*"/"kernelBoot": "before"/' /var/lib/camflow/applied.json`,
  },
  forgotten: { shell: 'camconfd --check' },
  configuredAgain: { shell: 'camconfd' },
  kept: { camflow: ['--file', '/root/again'] },
  forget,
  fedBack,
};

/** All steps, and those that say by hand what is fed back, in the order in which they are done. */
export const stepsInOrder: readonly ControlStep[] = Object.values(walkThrough).flatMap((step) =>
  step === forget ? [...sayByHand, step] : [step],
);
