// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections that wait to be accepted. Who connects may send at once, and what arrives has no socket to be tied to for
 * as long as nobody accepts the connection: it is kept until then.
 */
/* The first of the files that know of them: the linker finds them only then. */
#define CF_DEFINE_PACKETS
#include "state.h"
#include "end.h"
#include "packet.h"

char LICENSE[] SEC("license") = "GPL";

/* What is said of a socket that listens. */
static __always_inline u32 flags_of_listener(const struct request_sock *request)
{
	struct sock *listener = BPF_CORE_READ(request, __req_common.skc_listener);
	u64 socket = listener ? (u64)BPF_CORE_READ(listener, sk_socket) : 0;
	u64 inode = socket ? (u64)&((struct socket_alloc *)socket)->vfs_inode : 0;
	struct cf_node *node = inode ? bpf_map_lookup_elem(&cf_inodes, &inode) : NULL;

	return node ? node->flags & (CF_RECORD | CF_OPAQUE) : 0;
}

CF_HOOK(inet_csk_clone)
int BPF_PROG(cf_inet_csk_clone, struct sock *connection, const struct request_sock *request)
{
	static const struct cf_connection none;
	struct cf_connection *waiting;
	u64 sock = cf_address(connection);

	if (!cf_has_address_rules())
		return 0;
	if (bpf_map_update_elem(&cf_connections, &sock, &none, BPF_ANY)) {
		cf_count_state_failure();
		return 0;
	}
	waiting = bpf_map_lookup_elem(&cf_connections, &sock);
	if (waiting)
		waiting->flags = flags_of_listener((struct request_sock *)cf_address(request));
	return 0;
}

/* A listener may be there for any address: only the connection tells at which it was reached. */
static __always_inline void ask_rules(struct cf_connection *waiting, u64 sock)
{
	struct cf_place place;

	if (waiting->asked)
		return;
	waiting->asked = 1;
	if (cf_local_place(&place, (struct sock *)sock))
		waiting->flags |= cf_address_flags(CF_INGRESS, &place) & (CF_RECORD | CF_OPAQUE);
}

__noinline int cf_awaits_accept(u64 sock)
{
	struct cf_connection *waiting = bpf_map_lookup_elem(&cf_connections, &sock);

	if (!waiting || waiting->count & CF_ACCEPTED)
		return 0;
	ask_rules(waiting, sock);
	return (waiting->flags & (CF_RECORD | CF_OPAQUE)) == CF_RECORD;
}

__noinline int cf_keep_packet(u64 sock, struct cf_packet_key *key, u32 sent)
{
	struct cf_connection *waiting = bpf_map_lookup_elem(&cf_connections, &sock);
	u32 index;

	if (!waiting || !key)
		return 0;
	index = __sync_fetch_and_add(&waiting->count, 1);
	if (index & CF_ACCEPTED)
		return 0;
	if (index >= CF_EARLY_PACKETS) {
		cf_count_state_failure();
		return 1;
	}
	waiting->packets[index] = *key;
	if (sent)
		__sync_fetch_and_or(&waiting->sent, 1u << index);
	return 1;
}

__noinline int cf_relate_packet(struct cf_node *packet, struct cf_node *socket, u32 sent)
{
	struct cf_act act = { .relation = sent ? CF_SEND_PACKET : CF_RECEIVE_PACKET };

	if (!packet || !socket)
		return 0;
	if (sent)
		return cf_relate(&act, socket, packet);
	/* What is remembered of the last relation is too little to tell packets apart. */
	socket->previous = 0;
	return cf_relate(&act, packet, socket);
}

static __always_inline void relate_kept(struct cf_packet_key *key, bool sent, struct cf_node *socket)
{
	struct cf_node *packet = bpf_map_lookup_elem(&cf_packets, key);

	if (packet)
		cf_relate_packet(packet, socket, sent);
	else
		cf_count_state_failure();
}

__noinline int cf_relate_packets(u64 sock, struct cf_node *socket)
{
	struct cf_connection *waiting = bpf_map_lookup_elem(&cf_connections, &sock);
	u32 count;

	if (!waiting || !socket)
		return 0;
	count = __sync_fetch_and_or(&waiting->count, CF_ACCEPTED);
	if ((socket->flags & (CF_RECORD | CF_OPAQUE)) == CF_RECORD) {
		for (u32 i = 0; i < CF_EARLY_PACKETS; i++) {
			if (i >= count)
				break;
			relate_kept(&waiting->packets[i], waiting->sent & 1u << i, socket);
		}
	}
	bpf_map_delete_elem(&cf_connections, &sock);
	return 0;
}
