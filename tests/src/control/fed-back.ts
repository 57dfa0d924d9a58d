import type { ControlStep } from './control-step.ts';

/** A cgroup of the guest, made for a rule about it. */
const cgroup = '/sys/fs/cgroup/fed-back';

/** What is said by hand, of each kind at least once: its options, and its line in what `camconfd --check` prints. */
const said: readonly (readonly [option: string, subject: string, verb: string, line: string])[] = [
  // No account has the number.
  ['--track-user', '4242', 'track', 'user.track=4242'],
  ['--track-group', '4242', 'propagate', 'group.propagate=4242'],
  // These have a name, which `-c` tells.
  ['--track-user', 'user', 'opaque', 'user.opaque=1000'],
  ['--track-group', 'user', 'opaque', 'group.opaque=1000'],
  ['--track-cgroup', cgroup, 'propagate', 'cgroup.propagate='],
  // Ranges that lie within each other, both ways about.
  ['--track-ipv4-ingress', '10.0.0.0/8:80', 'track', 'ipv4-ingress.track=10.0.0.0/8:80'],
  ['--track-ipv4-ingress', '10.1.0.0/16:80', 'propagate', 'ipv4-ingress.propagate=10.1.0.0/16:80'],
  ['--track-ipv4-egress', '192.168.7.0/24:0', 'record', 'ipv4-egress.record=192.168.7.0/24:0'],
  ['--track-ipv4-egress', '192.168.0.0/16:443', 'propagate', 'ipv4-egress.propagate=192.168.0.0/16:443'],
  ['--track-ipv6-ingress', '[::1]/128:80', 'track', 'ipv6-ingress.track=::1/128:80'],
  ['--track-ipv6-ingress', '[::]/0:80', 'record', 'ipv6-ingress.record=::/0:80'],
  ['--track-ipv6-egress', '[2001:db8::]/32:443', 'propagate', 'ipv6-egress.propagate=2001:db8::/32:443'],
  ['--track-ipv6-egress', '[2001:db8:7::]/48:443', 'track', 'ipv6-egress.track=2001:db8:7::/48:443'],
  ['--node-filter', 'link', 'true', 'node_filter=link'],
  ['--edge-filter', 'sh_read', 'true', 'relation_filter=sh_read'],
  ['--node-propagate-filter', 'packet', 'true', 'propagate_node_filter=packet'],
  ['--edge-propagate-filter', 'perm_check', 'true', 'propagate_relation_filter=perm_check'],
];

/** What is said by hand before it is fed back, one step each. */
export const sayByHand: readonly ControlStep[] = [
  { shell: `mkdir -p ${cgroup}` },
  ...said.map(([option, subject, verb]): ControlStep => ({ camflow: [option, subject, verb] })),
  // Only a kernel with AppArmor takes a rule about its contexts.
  {
    shell: 'if grep -qw apparmor /sys/kernel/security/lsm; then camflow --track-secctx never_met opaque; fi',
  },
];

/** Lines of {@link forget} that say that what was said by hand is not in force any more. */
export const forgottenLines: readonly string[] = said.map(([, , , line]) => `+ ${line}`);

/** Keeps what `-p` and `-c` give, takes it all away, and says what feeding it back would change. */
export const forget: ControlStep = {
  shell: `
    camflow -p > /root/before.hash && camflow -c > /root/before.ini || exit
    camflow unload && rm /var/lib/camflow/applied.json || exit
    camconfd --check --config /root/before.ini`,
};

/** Feeds back what `-c` gave, and prints how the policy and its hash differ from before: nothing where they do not. */
export const fedBack: ControlStep = {
  shell: `
    camconfd --quiet --config /root/before.ini || exit
    camflow -p > /root/after.hash && camflow -c > /root/after.ini || exit
    status=0
    for kind in hash ini; do
      diff -u /root/before.$kind /root/after.$kind || status=1
    done
    exit $status`,
};
