// SPDX-License-Identifier: GPL-2.0-only
/*
 * From whom a datagram comes: of sockets that are not connected, only the datagram itself tells. Its sender is kept by
 * where it goes to and by the port that it comes from, which the sender has at the latest when the protocol is called.
 */
#include "state.h"
#include "end.h"

char LICENSE[] SEC("license") = "GPL";

#define PROTOCOL_IPV4 0x0800
#define LOOPBACK 0x7f000001

/* As user space gives them. */
struct ipv4_address {
	u16 family;
	__be16 port;
	__be32 address;
};

struct ipv6_address {
	u16 family;
	__be16 port;
	__be32 flow;
	__be32 address[4];
};

/* An address of IPv4 as a socket of IPv6 sees it: one may be at the other end. */
static __always_inline void map_address(u32 *to, u32 address)
{
	to[2] = bpf_htonl(0xffff);
	to[3] = address;
}

static __always_inline struct cf_node *inode_of(struct sock *sk)
{
	u64 socket = (u64)BPF_CORE_READ(sk, sk_socket);

	return socket ? cf_inode((struct inode *)&((struct socket_alloc *)socket)->vfs_inode) : NULL;
}

/* Where it goes to: what the message says, else what the socket is connected to. */
static __always_inline bool find_destination(struct cf_end *end, struct sock *sk, u64 name, bool is_ipv6)
{
	struct sock_common *common = &sk->__sk_common;

	end->remote_port = BPF_CORE_READ(common, skc_num);
	end->net = BPF_CORE_READ(common, skc_net.net, ns.inum);
	if (!name) {
		end->local_port = bpf_ntohs(BPF_CORE_READ(common, skc_dport));
		if (is_ipv6)
			BPF_CORE_READ_INTO(&end->local, common, skc_v6_daddr.in6_u.u6_addr32);
		else
			map_address(end->local, BPF_CORE_READ(common, skc_daddr));
	} else if (is_ipv6) {
		struct ipv6_address to = {};

		bpf_probe_read_kernel(&to, sizeof(to), (void *)name);
		if (to.family != AF_INET6)
			return false;
		end->local_port = bpf_ntohs(to.port);
		__builtin_memcpy(end->local, to.address, sizeof(end->local));
		/* To none is to loopback. */
		if (!(to.address[0] | to.address[1] | to.address[2] | to.address[3]))
			end->local[3] = bpf_htonl(1);
	} else {
		struct ipv4_address to = {};

		bpf_probe_read_kernel(&to, sizeof(to), (void *)name);
		end->local_port = bpf_ntohs(to.port);
		/* To none is to where it comes from, or loopback. */
		if (!to.address)
			to.address = BPF_CORE_READ((struct inet_sock *)sk, inet_saddr);
		map_address(end->local, to.address ? to.address : bpf_htonl(LOOPBACK));
	}
	return end->local_port != 0 && end->remote_port != 0;
}

static __always_inline bool concerns(struct sock *sk)
{
	struct socket *socket = sk->sk_socket;
	struct file *file = socket ? socket->file : NULL;

	return cf_concerns(file ? file->f_inode : NULL);
}

static __always_inline void keep_sender(struct sock *sk, u64 message, bool is_ipv6)
{
	u64 name = (u64)BPF_CORE_READ((struct msghdr *)message, msg_name);
	struct cf_end end = {};
	struct cf_actor actor;
	struct cf_node *node;

	if (!concerns(sk) || !cf_acts(&actor))
		return;
	node = inode_of(sk);
	if (!node || !find_destination(&end, sk, name, is_ipv6))
		return;
	if (cf_wants(&actor, node))
		cf_keep_sender(&end, node);
}

SEC("fentry/udp_sendmsg")
int BPF_PROG(cf_udp_sendmsg, struct sock *sk, void *message, u64 size)
{
	keep_sender(sk, cf_address(message), false);
	return 0;
}

SEC("fentry/udpv6_sendmsg")
int BPF_PROG(cf_udpv6_sendmsg, struct sock *sk, void *message, u64 size)
{
	keep_sender(sk, cf_address(message), true);
	return 0;
}

/* Where a datagram went to, and the port that it came from, as it says itself. */
static __always_inline void read_headers(struct cf_end *end, struct sk_buff *datagram)
{
	u64 head = (u64)BPF_CORE_READ(datagram, head);
	u64 network = head + BPF_CORE_READ(datagram, network_header);
	u64 transport = head + BPF_CORE_READ(datagram, transport_header);
	__be16 ports[2] = {};
	__be32 address = 0;

	bpf_probe_read_kernel(&ports, sizeof(ports), (void *)transport);
	end->remote_port = bpf_ntohs(ports[0]);
	end->local_port = bpf_ntohs(ports[1]);
	if (BPF_CORE_READ(datagram, protocol) == bpf_htons(PROTOCOL_IPV4)) {
		bpf_probe_read_kernel(&address, sizeof(address), (void *)(network + 16));
		map_address(end->local, address);
	} else {
		bpf_probe_read_kernel(&end->local, sizeof(end->local), (void *)(network + 24));
	}
}

/* A datagram is taken out of the queue of its socket. */
SEC("fexit/__skb_recv_udp")
int BPF_PROG(cf_skb_recv_udp, struct sock *sk, unsigned int flags, int *offset, int *error, void *datagram)
{
	struct cf_node *node, *sender;
	struct cf_end end = {};
	struct cf_actor actor;
	struct cf_act act;

	if (!cf_address(datagram) || !(concerns(sk) || cf_may_receive()))
		return 0;
	read_headers(&end, (void *)cf_address(datagram));
	end.net = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	if (!(concerns(sk) || cf_sent_by_tracked(&end)) || !cf_acts(&actor))
		return 0;
	node = inode_of(sk);
	if (!node)
		return 0;
	sender = bpf_map_lookup_elem(&cf_sent, &end);
	act = cf_new_act(&actor, CF_RECEIVE_INET, flags);
	if (sender)
		cf_derives(&act, sender, node, actor.task, actor.process);
	return 0;
}
