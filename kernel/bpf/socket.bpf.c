// SPDX-License-Identifier: GPL-2.0-only
/* Sockets, which are the inodes behind them, and the addresses that they are bound and connected to. */
#include "state.h"
#include "emit.h"
#include "end.h"
#include "objects.h"
#include "packet.h"

char LICENSE[] SEC("license") = "GPL";

#define AF_UNIX 1
#define SOCK_DGRAM 2
#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define ADDRESS_LIMIT 128

static __always_inline u64 inode_of(struct socket *socket)
{
	u64 address = cf_address(socket);

	return address ? (u64)&((struct socket_alloc *)address)->vfs_inode : 0;
}

static __always_inline struct cf_node *socket_node(struct socket *socket)
{
	u64 address = inode_of(socket);

	return address ? cf_inode((struct inode *)address) : NULL;
}

/* The socket at the other end of a UNIX socket; NULL once that is closed, or before it is accepted. */
static __always_inline struct cf_node *unix_peer(struct socket *socket)
{
	struct sock *sk = socket->sk;
	struct sock *peer;

	if (!sk || sk->__sk_common.skc_family != AF_UNIX)
		return NULL;
	peer = BPF_CORE_READ((struct unix_sock *)cf_address(sk), peer);
	return peer ? socket_node(BPF_CORE_READ(peer, sk_socket)) : NULL;
}

/* Whether what is done to a socket can be for the record. One that has no file yet was just made. */
static __always_inline bool concerns(struct socket *socket)
{
	struct file *file = socket->file;

	return cf_concerns(file ? file->f_inode : NULL);
}

static __always_inline void generate(struct socket *socket, u32 relation, u64 flags)
{
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_act act;

	if (!socket || !concerns(socket) || !cf_acts(&actor))
		return;
	node = socket_node(socket);
	if (!node)
		return;
	act = cf_new_act(&actor, relation, flags);
	cf_generates(&act, actor.process, actor.task, node);
}

/* Ties an address to a socket, and then lets the task do with the socket what it wants the address for. */
static __always_inline void use_address(struct socket *socket, struct sockaddr *address, int length, u32 relation)
{
	struct cf_config *config = cf_get_config();
	struct cf_scratch *scratch;
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_act act;

	if (!config || !(cf_has_address_rules() || concerns(socket)) || !cf_acts(&actor))
		return;
	node = socket_node(socket);
	scratch = cf_get_scratch();
	if (!node || !scratch)
		return;
	if (cf_has_address_rules() && !cf_is_opaque(&actor))
		cf_apply_named_address(relation == CF_BIND ? CF_INGRESS : CF_EGRESS, cf_address(address), length, node,
				       actor.process);
	if (length > 0 && length <= ADDRESS_LIMIT && cf_wants(&actor, node) &&
	    !(config->node_filter & CF_SUBTYPE_MASK & CF_NODE_ADDRESS)) {
		act = cf_new_act(&actor, CF_ADDRESSED, 0);
		cf_begin_passing(&scratch->node, config, CF_NODE_ADDRESS, cf_new_id());
		if (!cf_keeps_back(config, CF_NODE_ADDRESS))
			cf_publish_text(&scratch->node, cf_address(address), length, 0);
		cf_relate(&act, &scratch->node, node);
	}
	act = cf_new_act(&actor, relation, 0);
	cf_generates(&act, actor.process, actor.task, node);
}

CF_HOOK(socket_post_create)
int BPF_PROG(cf_socket_post_create, struct socket *socket, int family, int type, int protocol, int kern, int ret)
{
	if (!ret && !kern)
		generate(socket, CF_SOCKET_CREATE, 0);
	return CF_VERDICT(ret);
}

CF_HOOK(socket_socketpair)
int BPF_PROG(cf_socket_socketpair, struct socket *first, struct socket *second, int ret)
{
	if (ret)
		return CF_VERDICT(ret);
	generate(first, CF_SOCKET_PAIR_CREATE, 0);
	generate(second, CF_SOCKET_PAIR_CREATE, 0);
	return CF_VERDICT(ret);
}

CF_HOOK(socket_bind)
int BPF_PROG(cf_socket_bind, struct socket *socket, struct sockaddr *address, int length, int ret)
{
	if (!ret)
		use_address(socket, address, length, CF_BIND);
	return CF_VERDICT(ret);
}

CF_HOOK(socket_connect)
int BPF_PROG(cf_socket_connect, struct socket *socket, struct sockaddr *address, int length, int ret)
{
	if (!ret)
		use_address(socket, address, length, CF_CONNECT);
	return CF_VERDICT(ret);
}

CF_HOOK(socket_listen)
int BPF_PROG(cf_socket_listen, struct socket *socket, int backlog, int ret)
{
	if (!ret)
		generate(socket, CF_LISTEN, 0);
	return CF_VERDICT(ret);
}

/* The end that a socket sends to, or the one that it is; false for a socket that is not connected. */
static __always_inline bool find_end(struct cf_end *end, struct socket *socket, bool sending)
{
	struct sock *sk = BPF_CORE_READ(socket, sk);

	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_UNIX) {
		__builtin_memset(end, 0, sizeof(*end));
		end->sock = (u64)(sending ? BPF_CORE_READ((struct unix_sock *)sk, peer) : sk);
		return end->sock != 0;
	}
	if (!cf_read_end(end, sk))
		return false;
	if (sending) {
		struct cf_end own = *end;

		__builtin_memcpy(end->local, own.remote, sizeof(own.remote));
		__builtin_memcpy(end->remote, own.local, sizeof(own.local));
		end->local_port = own.remote_port;
		end->remote_port = own.local_port;
	}
	return end->remote_port != 0;
}

/* A new socket takes over what is said of its listener. A rule may know its local end better than it did that one's. */
static __always_inline void inherit(struct cf_node *listener, struct cf_node *node)
{
	const u32 inherited = CF_TRACKING | CF_OPAQUE | CF_RECORD;
	u64 taint = listener->taint;
	u32 flags = cf_inherited(CF_ACCEPT_SOCKET, CF_NODE_SOCKET, listener->flags & inherited, &taint);

	if (flags)
		cf_flag(node, flags, taint);
}

static __always_inline void apply_local_end(const struct cf_actor *actor, u64 sock, struct cf_node *node)
{
	struct cf_place place;

	if (cf_has_address_rules() && !cf_is_opaque(actor) && cf_local_place(&place, (struct sock *)sock))
		cf_apply_address(CF_INGRESS, &place, node, actor->process);
}

/* The task goes to wait for a connection, which may not come. */
CF_HOOK(socket_accept)
int BPF_PROG(cf_socket_accept, struct socket *socket, struct socket *accepted, int ret)
{
	struct cf_actor actor;

	if (ret || !(cf_has_address_rules() || concerns(socket)) || !cf_acts(&actor))
		return CF_VERDICT(ret);
	actor.state->listener = inode_of(socket);
	actor.state->accepted = inode_of(accepted);
	return CF_VERDICT(ret);
}

/* Whether a connection can be for the record: because of a rule, of the task, or of where it waited for it. */
static __always_inline bool connection_concerns(void)
{
	struct cf_config *config = cf_get_config();
	struct cf_task *state;

	if (!config || !config->enabled)
		return false;
	if (cf_has_address_rules() || cf_concerns(NULL))
		return true;
	state = bpf_task_storage_get(&cf_tasks, bpf_get_current_task_btf(), 0, 0);
	return state && state->listener;
}

/* The connection is there, and has its addresses. */
CF_HOOK(sock_graft)
int BPF_PROG(cf_sock_graft, struct sock *sk, struct socket *accepted)
{
	struct cf_node *listener = NULL, *node;
	struct cf_actor actor;
	struct cf_act act;
	u64 address, sock;

	if (!connection_concerns() || !cf_acts(&actor))
		return 0;
	node = socket_node(accepted);
	if (!node)
		return 0;
	address = actor.state->listener;
	if (address && actor.state->accepted == inode_of(accepted))
		listener = cf_inode((struct inode *)address);
	actor.state->listener = 0;
	if (listener)
		inherit(listener, node);
	sock = cf_address(sk);
	apply_local_end(&actor, sock, node);
	if (listener) {
		act = cf_new_act(&actor, CF_ACCEPT_SOCKET, 0);
		cf_derives(&act, listener, node, actor.task, actor.process);
	}
	cf_relate_packets(sock, node);
	act = cf_new_act(&actor, CF_ACCEPT, 0);
	cf_uses(&act, node, actor.task, actor.process);
	return 0;
}

/* task -> socket, and on to the other end, where that is known. A message, if it is one, may say itself where to. */
static __always_inline void send(struct socket *socket, struct msghdr *message)
{
	struct cf_actor actor;
	struct cf_node *node, *peer;
	struct cf_end end;
	struct cf_act act;

	if (!(cf_has_address_rules() || concerns(socket)) || !cf_acts(&actor))
		return;
	node = socket_node(socket);
	if (!node)
		return;
	if (message && cf_has_address_rules() && !cf_is_opaque(&actor))
		cf_apply_named_address(CF_EGRESS, cf_address(message->msg_name), message->msg_namelen, node,
				       actor.process);
	act = cf_new_act(&actor, CF_SEND_MSG, 0);
	cf_generates(&act, actor.process, actor.task, node);
	if (socket->type == SOCK_DGRAM)
		return;
	peer = unix_peer(socket);
	if (peer) {
		act.relation = CF_RECEIVE_UNIX;
		cf_derives(&act, node, peer, actor.task, actor.process);
	}
	if (cf_wants(&actor, node) && find_end(&end, socket, true))
		cf_keep_sender(&end, node);
}

CF_HOOK(socket_sendmsg)
int BPF_PROG(cf_socket_sendmsg, struct socket *socket, struct msghdr *message, int size, int ret)
{
	if (!ret)
		send(socket, message);
	return CF_VERDICT(ret);
}

/* What sendfile and splice send before 6.5, of which no security module is asked. */
SEC("?fentry/inet_sendpage")
int BPF_PROG(cf_inet_sendpage, struct socket *socket, void *page, int offset, u64 size, int flags)
{
	send(socket, NULL);
	return 0;
}

SEC("?fentry/unix_stream_sendpage")
int BPF_PROG(cf_unix_stream_sendpage, struct socket *socket, void *page, int offset, u64 size, int flags)
{
	send(socket, NULL);
	return 0;
}

/* `is_concerned`: whether it can be for the record even if nobody tracked sent it. */
static __always_inline void receive_from(struct socket *socket, bool is_concerned, u64 flags, bool reads)
{
	bool has_end;
	struct cf_actor actor;
	struct cf_node *node, *sender;
	struct cf_end end;
	struct cf_act act;

	if (!(is_concerned || cf_may_receive()))
		return;
	has_end = find_end(&end, socket, false);
	if (!is_concerned && !(has_end && cf_sent_by_tracked(&end)))
		return;
	if (!cf_acts(&actor))
		return;
	node = socket_node(socket);
	if (!node)
		return;
	if (has_end) {
		sender = bpf_map_lookup_elem(&cf_sent, &end);
		act = cf_new_act(&actor, end.sock ? CF_SEND_UNIX : CF_RECEIVE_INET, flags);
		if (sender)
			cf_derives(&act, sender, node, actor.task, actor.process);
	}
	if (!reads)
		return;
	act = cf_new_act(&actor, CF_RECEIVE_MSG, flags);
	cf_uses(&act, node, actor.task, actor.process);
}

/*
 * What arrived at a socket, once it has: what a task waited for was sent after it asked. `reads` unless it went to a pipe
 * and not into the task's memory.
 */
static __always_inline void receive(struct socket *socket, u64 flags, bool reads)
{
	receive_from(socket, concerns(socket), flags, reads);
}

SEC("fexit/sock_recvmsg")
int BPF_PROG(cf_sock_recvmsg, struct socket *socket, void *message, int flags, int received)
{
	if (received >= 0)
		receive(socket, flags, true);
	return 0;
}

/* Several messages by one call, of which only the first goes that way: the others are there when all are. */
SEC("fexit/do_recvmmsg")
int BPF_PROG(cf_recvmmsg, int fd, void *messages, unsigned int length, unsigned int flags, void *timeout, int received)
{
	bool is_concerned = cf_concerns(NULL);
	struct inode *inode;
	u64 file;

	if (received < 2 || !(is_concerned || !cf_sieve_is_empty() || cf_may_receive()))
		return 0;
	file = cf_open_file(fd);
	inode = file ? BPF_CORE_READ((struct file *)file, f_inode) : NULL;
	if (!inode || (BPF_CORE_READ(inode, i_mode) & S_IFMT) != S_IFSOCK)
		return 0;
	if (!is_concerned)
		is_concerned = cf_in_sieve(cf_inode_number(BPF_CORE_READ(inode, i_sb, s_dev), BPF_CORE_READ(inode, i_ino)));
	receive_from((struct socket *)((u64)inode - (u64)&((struct socket_alloc *)0)->vfs_inode), is_concerned, flags,
		     true);
	return 0;
}

/* Into a pipe: what goes on from the socket to that is recorded when the splice is over. */
SEC("fexit/tcp_splice_read")
int BPF_PROG(cf_tcp_splice_read, struct socket *socket, s64 *position, void *pipe, u64 length, u32 flags, long moved)
{
	if (moved > 0)
		receive(socket, flags, false);
	return 0;
}

SEC("fexit/unix_stream_splice_read")
int BPF_PROG(cf_unix_stream_splice_read, struct socket *socket, s64 *position, void *pipe, u64 length, u32 flags,
	     long moved)
{
	if (moved > 0)
		receive(socket, flags, false);
	return 0;
}

CF_HOOK(unix_stream_connect)
int BPF_PROG(cf_unix_stream_connect, struct sock *sk, struct sock *listener, struct sock *accepted, int ret)
{
	if (!ret)
		generate(sk->sk_socket, CF_CONNECT_UNIX_STREAM, 0);
	return CF_VERDICT(ret);
}

/* A datagram, or the connection of a datagram socket. */
CF_HOOK(unix_may_send)
int BPF_PROG(cf_unix_may_send, struct socket *socket, struct socket *other, int ret)
{
	struct cf_actor actor;
	struct cf_node *from, *to;
	struct cf_act act;

	if (ret || !(concerns(socket) || concerns(other)) || !cf_acts(&actor))
		return CF_VERDICT(ret);
	from = socket_node(socket);
	to = socket_node(other);
	if (!from || !to)
		return CF_VERDICT(ret);
	act = cf_new_act(&actor, CF_SEND_UNIX, 0);
	cf_derives(&act, from, to, actor.task, actor.process);
	return CF_VERDICT(ret);
}

/* A sock's address in memory may be used again. */
CF_HOOK_AS(sk_free_security, security_sk_free)
int BPF_PROG(cf_sk_free_security, struct sock *sk)
{
	struct cf_end end = { .sock = cf_address(sk) };
	struct cf_stats *stats = cf_get_stats();

	if (sk->__sk_common.skc_family != AF_UNIX)
		bpf_map_delete_elem(&cf_connections, &end.sock);
	else if (!bpf_map_delete_elem(&cf_sent, &end) && stats)
		__sync_fetch_and_add(&stats->senders_gone, 1);
	return 0;
}
