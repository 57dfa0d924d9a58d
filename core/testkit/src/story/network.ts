import type { StoryProcess } from './story-kernel.ts';
import type { StoryNode } from './story-node.ts';
import type { World } from './world.ts';

const addressFamilies = { unix: 1, ipv4: 2, ipv6: 10, netlink: 16 } as const;

/** A socket address as the kernel keeps it. */
export function socketAddress(family: keyof typeof addressFamilies, host: Uint8Array, port = 0): Uint8Array {
  const code = addressFamilies[family];
  if (family === 'unix') return Uint8Array.from([code, 0, ...host]);
  const head = [code, 0, port >> 8, port & 0xff];
  return Uint8Array.from(
    family === 'ipv6' ? [...head, 0, 0, 0, 0, ...host, 0, 0, 0, 0] : [...head, ...host, 0, 0, 0, 0],
  );
}

/** Two processes that talk over TCP on the loopback. */
export interface Connection {
  readonly client: StoryProcess;
  readonly server: StoryProcess;
  readonly clientSocket: StoryNode;
  readonly serverSocket: StoryNode;
  readonly clientPort: number;
  readonly serverPort: number;
}

/** The server listens, the client connects, the server accepts. */
export function connect(
  world: World,
  client: StoryProcess,
  server: StoryProcess,
  serverPort: number,
): Connection {
  const { kernel, random } = world;
  const clientPort = 32_768 + random.below(28_000);
  const loopback = Uint8Array.of(127, 0, 0, 1);
  kernel.run(server);
  const listening = world.inode('socket', 0o140777);
  kernel.generates('socket_create', listening);
  const any = random.chance(0.5)
    ? socketAddress('ipv4', loopback, serverPort)
    : socketAddress('ipv6', new Uint8Array(16), serverPort);
  kernel.relate('addressed', kernel.node('address', { addr: any }), listening);
  kernel.generates('bind', listening);
  kernel.generates('listen', listening);
  kernel.run(client);
  const clientSocket = world.inode('socket', 0o140777);
  kernel.generates('socket_create', clientSocket);
  const peer = kernel.node('address', { addr: socketAddress('ipv4', loopback, serverPort) });
  kernel.relate('addressed', peer, clientSocket);
  kernel.generates('connect', clientSocket);
  kernel.run(server);
  const serverSocket = world.inode('socket', 0o140777);
  kernel.relate('accept_socket', listening, serverSocket);
  kernel.uses('accept', serverSocket);
  return { client, server, clientSocket, serverSocket, clientPort, serverPort };
}

/** Sends a message as packets, one of which had its content recorded. */
export function send(world: World, connection: Connection, from: 'client' | 'server', packets: number): void {
  const { kernel, random } = world;
  const { client, server, clientSocket, serverSocket, clientPort, serverPort } = connection;
  const fromClient = from === 'client';
  const [source, target] = fromClient ? [clientSocket, serverSocket] : [serverSocket, clientSocket];
  const ports = fromClient ? [clientPort, serverPort] : [serverPort, clientPort];
  const sent: StoryNode[] = [];
  kernel.run(fromClient ? client : server);
  kernel.generates(random.chance(0.5) ? 'send' : 'send_msg', source);
  for (let i = 0; i < packets; i++) {
    const packet = kernel.packet({
      packet_id: random.below(0x1_0000),
      snd_ip: '127.0.0.1',
      rcv_ip: '127.0.0.1',
      snd_port: ports[0]!,
      rcv_port: ports[1]!,
      protocol: 6,
      seq: random.u32(),
      len: 52 + random.below(1448),
    });
    if (i === 0) {
      const content = Buffer.from('GET /archive.tar HTTP/1.1\r\nHost: localhost\r\n\r\n');
      kernel.relate('packet_content', kernel.node('packet_content', { content }), packet);
    }
    kernel.relate('send_packet', source, packet);
    sent.push(packet);
  }
  kernel.run(fromClient ? server : client);
  for (const packet of sent) kernel.relate('receive_packet', packet, target);
  kernel.uses(random.chance(0.5) ? 'receive' : 'receive_msg', target);
}
