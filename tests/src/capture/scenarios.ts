/** What a file of a scenario must lead back to, beside the program itself and its only argument. */
export interface ExpectedOrigins {
  /** Path of the file. Default `out` in the scenario's folder. */
  readonly file?: string;
  /** As accounts write them, without the scenario's folder. */
  readonly origins: readonly string[];
  /** Whether the program executes itself once more, with another first argument of the same text. Default false. */
  readonly executes?: boolean;
}

const self = '/root/bin/scenarios';

/** So many processes and tasks: the program, its child for the scenario, and those that it makes. */
function processes(number: number): string {
  return `process_memory ${self} \u00d7${number}`;
}

function tasks(number: number): string {
  return `task \u00d7${number}`;
}

/** Within one process. */
const alone = [processes(2), tasks(2)];
/** With a child. */
const two = [processes(3), tasks(3)];

const three = [processes(4), tasks(4)];

/** Of a server whose client ended before it looked. */
function overStream(address: string, listener: readonly string[] = []): string[] {
  return [...moved, `address ${address} \u00d72`, 'socket \u00d73', ...listener, ...two];
}

function overDatagrams(address: string): string[] {
  return [...moved, `address ${address}`, 'socket \u00d72', ...two];
}

const moved = ['file in', 'file out'];
const loopback6 = '00000000000000000000000000000001';

/** The scenarios of tests/fixtures/workloads/scenarios.c. */
export const expectedOrigins: Readonly<Record<string, ExpectedOrigins>> = {
  fork_without_exec: { origins: [...moved, ...two] },
  threads: { origins: [...moved, processes(2), tasks(4)] },
  exec_from_thread: {
    origins: ['argv copy', 'argv in', 'argv out', ...moved, processes(3), tasks(3)],
    executes: true,
  },
  vfork_and_exec: {
    origins: ['argv copy', 'argv in', 'argv out', ...moved, processes(4), tasks(3)],
    executes: true,
  },
  script: {
    origins: [
      ...['argv ./script', 'argv interpret', 'argv word', 'file script', ...moved],
      ...[processes(2), `process_memory script = ${self}`, tasks(2)],
    ],
    executes: true,
  },
  deleted_program: {
    origins: [
      ...['argv ./program', 'argv vanish', 'argv program', 'argv copy', 'argv in', 'argv out'],
      ...['file program', ...moved, processes(2), 'process_memory program \u00d72', tasks(2)],
    ],
  },
  arguments: {
    origins: [
      ...[
        'argv',
        'argv copy',
        'argv in',
        'argv out',
        'argv new\nline',
        `argv quote"d 'twice'`,
        'argv \xff\xfe',
      ],
      ...[`argv ${'x'.repeat(100_000)}`, ...moved, processes(3), tasks(2)],
    ],
    executes: true,
  },
  strange_names: { origins: [...moved, 'file quote"d', 'file new\nline', 'file \xff\xfe', ...alone] },
  // What was renamed over the open file has nothing to do with what is read from it.
  rename_over_open: { origins: [...moved, ...alone] },
  rename_exchange: { origins: ['file in = other', 'file out', ...alone] },
  rename_folder: { origins: ['file moved/in', 'file out', ...alone] },
  hard_link: { origins: ['file in = second', 'file out', ...alone] },
  symbolic_link: { origins: [...moved, ...alone] },
  unlinked_open: { origins: [...moved, ...alone] },
  nameless_file: { origins: ['file #NUMBER = out', 'file in', ...alone] },
  memory_file: { origins: ['file /memfd:memory', ...moved, ...alone] },
  mapped_to_read: { origins: [...moved, 'file shared', ...two] },
  // The file of a segment has no name.
  attached_to_read: { origins: [...moved, 'file', 'shm', ...two] },
  send_file: { origins: [...moved, ...alone] },
  copy_range: { origins: [...moved, ...alone] },
  through_pipe: { origins: ['pipe', ...moved, ...two] },
  through_fifo: { origins: ['pipe fifo', ...moved, ...two] },
  through_pair: { origins: ['socket \u00d72', ...moved, ...two] },
  ipv4_stream: { origins: overStream('127.0.0.1:5001') },
  ipv4_read_write: { origins: overStream('127.0.0.1:5005') },
  ipv4_sendfile: { origins: overStream('127.0.0.1:5006') },
  ipv4_splice: { origins: ['pipe', ...overStream('127.0.0.1:5007')] },
  ipv4_datagram: { origins: overDatagrams('127.0.0.1:5002') },
  ipv6_stream: { origins: overStream(`${loopback6}:5003`) },
  ipv6_datagram: { origins: overDatagrams(`${loopback6}:5004`) },
  // The client's own port is gone when it looks.
  ipv4_closed: { origins: overStream('127.0.0.1:5008') },
  ipv4_reset: { origins: overStream('127.0.0.1:5009') },
  ipv6_closed: { origins: overStream(`${loopback6}:5010`) },
  ipv4_many: { origins: ['file first', ...moved, 'address 127.0.0.1:5011', 'socket \u00d73', ...three] },
  ipv4_unspecified: { origins: overDatagrams('0.0.0.0:5012') },
  ipv4_own: { origins: ['address 127.0.0.9:0', ...overDatagrams('0.0.0.0:5013')] },
  ipv6_unspecified: { origins: overDatagrams(`${'0'.repeat(32)}:5014`) },
  // The socket with a path is the file that the client looked up.
  unix_stream: { origins: overStream('socket', ['socket socket']) },
  unix_sendfile: { origins: overStream('socket', ['socket socket']) },
  unix_splice: { origins: ['pipe', ...overStream('socket', ['socket socket'])] },
  unix_packets: { origins: overStream('socket', ['socket socket']) },
  unix_datagram: { origins: overDatagrams('socket') },
  passed_descriptor: { origins: ['socket \u00d72', ...moved, ...two] },
  in_chroot: { file: '/chroot-out', origins: ['file /in', 'file /chroot-out', ...alone] },
  in_mounts: {
    origins: ['file mounted/first = bound/first', 'file bound/second', ...moved, ...alone],
  },
  // Each file of the overlay has its file in a layer, and what is new comes about in the work folder first.
  in_overlay: {
    origins: [
      ...['file merged/in', 'file lower/in = /in', 'file merged/between', 'file upper/between = /between'],
      ...['file work/work/#NUMBER', 'file out', 'iattr', ...alone],
    ],
  },
  in_new_root: {
    file: '/new-root-out',
    origins: ['file in', 'file root/in = /in', 'file /new-root-out', ...alone],
  },
  // New memory for each change of groups, group and user.
  as_another_user: { origins: ['iattr', ...moved, processes(5), tasks(2)] },
  in_namespaces: { origins: [...moved, ...alone] },
  // The nameless file is the control file of the group that it left, which nobody opened.
  in_cgroup: { origins: ['file', ...moved, ...alone] },
};

/** Sets up the folder of each scenario, in the folder that holds them all. */
export const preparation: string = `
for scenario in ${Object.keys(expectedOrigins).join(' ')}; do mkdir $scenario; echo $scenario > $scenario/in; done
echo first > ipv4_many/first
echo replacing > rename_over_open/replacing
echo other > rename_exchange/other
mkdir rename_folder/folder; mv rename_folder/in rename_folder/folder/in
printf '#!/root/bin/scenarios interpret\\n' > script/script; chmod +x script/script
mkdir in_chroot/jail; mv in_chroot/in in_chroot/jail/in
cp /root/bin/scenarios deleted_program/program
insmod /usr/lib/guest-modules/overlay.ko*
mkdir in_overlay/lower in_overlay/upper in_overlay/work in_overlay/merged; mv in_overlay/in in_overlay/lower/in
mkdir in_mounts/mounted in_mounts/bound in_new_root/root
`;
