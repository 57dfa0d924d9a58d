// SPDX-License-Identifier: GPL-2.0-only
/* Sockets, which are the inodes behind them, and the addresses that they are bound and connected to. */
#include "state.h"
#include "emit.h"

char LICENSE[] SEC("license") = "GPL";

#define AF_UNIX 1
#define SOCK_DGRAM 2
#define ADDRESS_LIMIT 128

static __always_inline struct cf_node *socket_node(struct socket *socket)
{
	u64 address = cf_address(socket);

	if (!address)
		return NULL;
	return cf_inode((struct inode *)&((struct socket_alloc *)address)->vfs_inode);
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

static __always_inline void generate(struct socket *socket, u32 relation, u64 flags)
{
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_act act;

	if (!cf_acts(&actor))
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

	if (!config || !cf_acts(&actor))
		return;
	node = socket_node(socket);
	scratch = cf_get_scratch();
	if (!node || !scratch)
		return;
	if (length > 0 && length <= ADDRESS_LIMIT && cf_selects(node, actor.task) &&
	    !(config->node_filter & CF_SUBTYPE_MASK & CF_NODE_ADDRESS)) {
		act = cf_new_act(&actor, CF_ADDRESSED, 0);
		cf_begin_passing(&scratch->node, config, CF_NODE_ADDRESS, cf_new_id());
		if (cf_publish_text(&scratch->node, cf_address(address), length))
			cf_relate(&act, &scratch->node, node);
	}
	act = cf_new_act(&actor, relation, 0);
	cf_generates(&act, actor.process, actor.task, node);
}

SEC("lsm/socket_post_create")
int BPF_PROG(cf_socket_post_create, struct socket *socket, int family, int type, int protocol, int kern, int ret)
{
	if (!ret && !kern)
		generate(socket, CF_SOCKET_CREATE, 0);
	return ret;
}

SEC("lsm/socket_socketpair")
int BPF_PROG(cf_socket_socketpair, struct socket *first, struct socket *second, int ret)
{
	if (ret)
		return ret;
	generate(first, CF_SOCKET_PAIR_CREATE, 0);
	generate(second, CF_SOCKET_PAIR_CREATE, 0);
	return ret;
}

SEC("lsm/socket_bind")
int BPF_PROG(cf_socket_bind, struct socket *socket, struct sockaddr *address, int length, int ret)
{
	if (!ret)
		use_address(socket, address, length, CF_BIND);
	return ret;
}

SEC("lsm/socket_connect")
int BPF_PROG(cf_socket_connect, struct socket *socket, struct sockaddr *address, int length, int ret)
{
	if (!ret)
		use_address(socket, address, length, CF_CONNECT);
	return ret;
}

SEC("lsm/socket_listen")
int BPF_PROG(cf_socket_listen, struct socket *socket, int backlog, int ret)
{
	if (!ret)
		generate(socket, CF_LISTEN, 0);
	return ret;
}

SEC("lsm/socket_accept")
int BPF_PROG(cf_socket_accept, struct socket *socket, struct socket *accepted, int ret)
{
	struct cf_actor actor;
	struct cf_node *listener, *node;
	struct cf_act act;

	if (ret || !cf_acts(&actor))
		return ret;
	listener = socket_node(socket);
	node = socket_node(accepted);
	if (!listener || !node)
		return ret;
	act = cf_new_act(&actor, CF_ACCEPT_SOCKET, 0);
	cf_derives(&act, listener, node, actor.task);
	act.relation = CF_ACCEPT;
	cf_uses(&act, node, actor.task, actor.process);
	return ret;
}

SEC("lsm/socket_sendmsg")
int BPF_PROG(cf_socket_sendmsg, struct socket *socket, struct msghdr *message, int size, int ret)
{
	struct cf_actor actor;
	struct cf_node *node, *peer;
	struct cf_act act;

	if (ret || !cf_acts(&actor))
		return ret;
	node = socket_node(socket);
	if (!node)
		return ret;
	act = cf_new_act(&actor, CF_SEND_MSG, 0);
	cf_generates(&act, actor.process, actor.task, node);
	peer = socket->type == SOCK_DGRAM ? NULL : unix_peer(socket);
	if (peer) {
		act.relation = CF_RECEIVE_UNIX;
		cf_derives(&act, node, peer, actor.task);
	}
	return ret;
}

SEC("lsm/socket_recvmsg")
int BPF_PROG(cf_socket_recvmsg, struct socket *socket, struct msghdr *message, int size, int flags, int ret)
{
	struct cf_actor actor;
	struct cf_node *node, *peer;
	struct cf_act act;

	if (ret || !cf_acts(&actor))
		return ret;
	node = socket_node(socket);
	if (!node)
		return ret;
	act = cf_new_act(&actor, CF_SEND_UNIX, flags);
	peer = socket->type == SOCK_DGRAM ? NULL : unix_peer(socket);
	if (peer)
		cf_derives(&act, peer, node, actor.task);
	act.relation = CF_RECEIVE_MSG;
	cf_uses(&act, node, actor.task, actor.process);
	return ret;
}

SEC("lsm/unix_stream_connect")
int BPF_PROG(cf_unix_stream_connect, struct sock *sk, struct sock *listener, struct sock *accepted, int ret)
{
	if (!ret)
		generate(sk->sk_socket, CF_CONNECT_UNIX_STREAM, 0);
	return ret;
}

/* A datagram, or the connection of a datagram socket. */
SEC("lsm/unix_may_send")
int BPF_PROG(cf_unix_may_send, struct socket *socket, struct socket *other, int ret)
{
	struct cf_actor actor;
	struct cf_node *from, *to;
	struct cf_act act;

	if (ret || !cf_acts(&actor))
		return ret;
	from = socket_node(socket);
	to = socket_node(other);
	if (!from || !to)
		return ret;
	act = cf_new_act(&actor, CF_SEND_UNIX, 0);
	cf_derives(&act, from, to, actor.task);
	return ret;
}
