/* SPDX-License-Identifier: GPL-2.0-only */
/* What is remembered of packets, and of the connections that they belong to before anybody has accepted those. */
#ifndef CAMFLOW_PACKET_H
#define CAMFLOW_PACKET_H

#include "maps.h"

#ifdef CF_DEFINE_PACKETS
#define CF_PACKET_MAP
#else
#define CF_PACKET_MAP extern
#endif

/* All that tells a packet from others, and how many there were before that agree in it: some datagrams do. */
struct cf_packet_key {
	u64 id;
	u32 receiver;
	u32 ports;
	u32 protocol;
	u32 sequence;
	u32 before;
	u32 zero;
};

/* A packet is the same node to who sends it and to who receives it, if that is on this machine. */
CF_PACKET_MAP struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 14);
	__type(key, struct cf_packet_key);
	__type(value, struct cf_node);
} cf_packets SEC(".maps");

#define CF_EARLY_PACKETS 16
/* Of cf_connection.count, once it was accepted: what follows is the socket's own. */
#define CF_ACCEPTED (1u << 31)

/* A connection that waits to be accepted: there is no socket yet to which packets could be tied. */
struct cf_connection {
	u32 flags;	/* of its listener, and of rules about addresses */
	u32 asked;	/* whether those rules were */
	u32 count;	/* of packets so far; only the first are kept */
	u32 sent;	/* a bit for each that is kept and was sent, not received */
	struct cf_packet_key packets[CF_EARLY_PACKETS];
};

/* By the address of its sock. */
CF_PACKET_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 14);
	__type(key, u64);
	__type(value, struct cf_connection);
} cf_connections SEC(".maps");

/* Whether packets of that sock are to be kept until its connection is accepted. */
extern int cf_awaits_accept(u64 sock);
/* Keeps one. Returns 0 where the connection was accepted meanwhile. */
extern int cf_keep_packet(u64 sock, struct cf_packet_key *key, u32 sent);
/* socket -> packet, sent, or packet -> socket */
extern int cf_relate_packet(struct cf_node *packet, struct cf_node *socket, u32 sent);
/* The connection was accepted: its packets are tied to the socket, in the order in which they came. */
extern int cf_relate_packets(u64 sock, struct cf_node *socket);

#endif
