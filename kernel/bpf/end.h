/* SPDX-License-Identifier: GPL-2.0-only */
/* The two ends of a connection over IPv4 or IPv6. */
#ifndef CAMFLOW_END_H
#define CAMFLOW_END_H

#include "policy.h"
#include <bpf/bpf_endian.h>

#define AF_INET 2
#define AF_INET6 10

/* The end that a sock is, zero but for what is known; false for one of another family. */
static __always_inline bool cf_read_end(struct cf_end *end, struct sock *sock)
{
	struct sock_common *common = &sock->__sk_common;
	u16 family = BPF_CORE_READ(common, skc_family);

	__builtin_memset(end, 0, sizeof(*end));
	if (family == AF_INET) {
		/* As a socket of IPv6 would see it: one may be at the other end. */
		end->local[2] = end->remote[2] = bpf_htonl(0xffff);
		end->local[3] = BPF_CORE_READ(common, skc_rcv_saddr);
		end->remote[3] = BPF_CORE_READ(common, skc_daddr);
	} else if (family == AF_INET6) {
		BPF_CORE_READ_INTO(&end->local, common, skc_v6_rcv_saddr.in6_u.u6_addr32);
		BPF_CORE_READ_INTO(&end->remote, common, skc_v6_daddr.in6_u.u6_addr32);
	} else {
		return false;
	}
	/* Not skc_num: that is gone with the connection, and what has arrived is read all the same. */
	end->local_port = bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sock, inet_sport));
	end->remote_port = bpf_ntohs(BPF_CORE_READ(common, skc_dport));
	end->net = BPF_CORE_READ(common, skc_net.net, ns.inum);
	return true;
}

/* The end that a sock is, as rules about addresses see it. */
static __always_inline bool cf_local_place(struct cf_place *place, struct sock *sock)
{
	struct cf_end end;

	if (!cf_read_end(&end, sock))
		return false;
	__builtin_memcpy(place->address, end.local, sizeof(place->address));
	place->port = end.local_port;
	return true;
}

#endif
