// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets of sockets that are recorded with what they carry: those that a rule about addresses says so of. Programs on
 * the root cgroup see every packet that leaves or reaches a socket of this machine, of both families, and are the only
 * ones that may read what lies in pages. They know no task: interrupts send and receive, too.
 */
#include "state.h"
#include "emit.h"
#include "packet.h"
#include <bpf/bpf_endian.h>

char LICENSE[] SEC("license") = "GPL";

#define CONTENT_LIMIT 4096

#define PROTOCOL_IPV4 0x0800
#define PROTOCOL_IPV6 0x86dd
#define TCP 6
#define UDP 17
#define FRAGMENT_OFFSET 0x1fff

/* What may lie between the header of IPv6 and that of TCP or UDP; of more than these the rest is not looked at. */
#define EXTENSIONS 8
#define HOP_BY_HOP 0
#define ROUTING 43
#define FRAGMENT 44
#define DESTINATION 60
#define FRAGMENT_OFFSET6 0xfff8

/* What these programs are given: laid out by the kernel's interface, not as in its BTF. */
struct __sk_buff {
	u32 len;
	u32 before_protocol[3];
	u32 protocol;
	u32 before_data[14];
	u32 data;
	u32 data_end;
	u32 napi_id;
	u32 family;
	u32 addresses[10];
	u32 remote_port;
	u32 local_port;
	u32 data_meta;
	u64 flow_keys;
	u64 tstamp;
	u32 wire_len;
	u32 gso_segs;
	struct sock *sk;
};

struct ipv4_header {
	u8 words;		/* version << 4 | length in words */
	u8 service;
	__be16 length;
	__be16 id;
	__be16 fragment;
	u8 hops;
	u8 protocol;
	__be16 checksum;
	__be32 sender;
	__be32 receiver;
};

struct ipv6_header {
	__be32 flow;
	__be16 length;		/* of what follows this header */
	u8 protocol;
	u8 hops;
	__be32 sender[4];
	__be32 receiver[4];
};

struct extension_header {
	u8 protocol;		/* of what follows it */
	u8 words;		/* length in words of 8 bytes, but the first; a fragment's has one, and 0 here */
	__be16 fragment;	/* of a fragment */
};

/* Of TCP; what others have here is no more than the ports. */
struct transport_header {
	__be16 sender_port;
	__be16 receiver_port;
	__be32 sequence;
	__be32 acknowledged;
	u8 words;		/* length in words << 4 */
};

/* Both families in one: what tells a packet from others. */
struct heads {
	u32 sender[4];
	u32 receiver[4];
	u32 ports;
	u32 sequence;
	u32 offset;		/* of what the packet carries */
	u16 id;
	u16 length;
	u8 protocol;
	u8 is_ipv6;
	u16 zero;
};

struct packet_counts {
	u32 sent;
	u32 received;
};

/* By all that tells it from others; `before` is 0. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 14);
	__type(key, struct cf_packet_key);
	__type(value, struct packet_counts);
} cf_packet_counts SEC(".maps");

struct packet_sample {
	struct cf_frame frame;
	struct cf_packet_record record;
};

struct packet6_sample {
	struct cf_frame frame;
	struct cf_packet6_record record;
};

struct content_sample {
	struct cf_frame frame;
	struct cf_text_record record;
};

/* Ports are there for TCP and UDP, in a packet that is whole or the first of its parts. */
static __always_inline void read_transport(struct heads *heads, struct __sk_buff *packet)
{
	struct transport_header transport = {};

	if (heads->protocol == TCP) {
		if (bpf_skb_load_bytes(packet, heads->offset, &transport, 13))
			return;
		heads->sequence = transport.sequence;
		heads->offset += (transport.words >> 4) * 4;
	} else if (heads->protocol == UDP) {
		if (bpf_skb_load_bytes(packet, heads->offset, &transport, 8))
			return;
		heads->offset += 8;
	}
	heads->ports = transport.sender_port | (u32)transport.receiver_port << 16;
}

static __always_inline bool read_ipv4(struct heads *heads, struct __sk_buff *packet)
{
	struct ipv4_header ip;

	if (bpf_skb_load_bytes(packet, 0, &ip, sizeof(ip)))
		return false;
	heads->sender[0] = ip.sender;
	heads->receiver[0] = ip.receiver;
	heads->id = ip.id;
	heads->length = ip.length;
	heads->protocol = ip.protocol;
	heads->offset = (ip.words & 15) * 4;
	if (!(bpf_ntohs(ip.fragment) & FRAGMENT_OFFSET))
		read_transport(heads, packet);
	return true;
}

static __always_inline bool is_extension(u8 protocol)
{
	return protocol == HOP_BY_HOP || protocol == ROUTING || protocol == FRAGMENT || protocol == DESTINATION;
}

/* Goes over the headers of IPv6 that are none of a transport's. Returns whether such a one can follow. */
static __always_inline bool pass_extensions(struct heads *heads, struct __sk_buff *packet)
{
	struct extension_header extension;
	bool follows = true;

	/* No loop to the verifier: that of 6.1 takes none whose body falls back to its start. */
#pragma clang loop unroll(full)
	for (int i = 0; i < EXTENSIONS; i++) {
		u8 protocol = heads->protocol;

		if (!follows || !is_extension(protocol))
			continue;
		if (bpf_skb_load_bytes(packet, heads->offset, &extension, sizeof(extension))) {
			follows = false;
			continue;
		}
		heads->protocol = extension.protocol;
		heads->offset += protocol == FRAGMENT ? 8 : (extension.words + 1) * 8;
		if (protocol == FRAGMENT && bpf_ntohs(extension.fragment) & FRAGMENT_OFFSET6)
			follows = false;
	}
	return follows;
}

static __always_inline bool read_ipv6(struct heads *heads, struct __sk_buff *packet)
{
	struct ipv6_header ip;

	if (bpf_skb_load_bytes(packet, 0, &ip, sizeof(ip)))
		return false;
	__builtin_memcpy(heads->sender, ip.sender, sizeof(ip.sender));
	__builtin_memcpy(heads->receiver, ip.receiver, sizeof(ip.receiver));
	heads->length = ip.length;
	heads->protocol = ip.protocol;
	heads->offset = sizeof(ip);
	heads->is_ipv6 = 1;
	if (pass_extensions(heads, packet))
		read_transport(heads, packet);
	return true;
}

static __always_inline u64 mix(u64 number, u64 more)
{
	number = (number ^ more) * 0x9e3779b97f4a7c15ULL;
	return number ^ number >> 29;
}

/* All that tells it from others: of IPv4 it fits into the identifier, of IPv6 the identifier is made of it. */
static __always_inline void make_key(struct cf_packet_key *key, const struct heads *heads)
{
	u64 number = 0;

	__builtin_memset(key, 0, sizeof(*key));
	if (!heads->is_ipv6) {
		key->id = (u64)heads->sender[0] << 32 | heads->id;
		key->receiver = heads->receiver[0];
		key->ports = heads->ports;
		key->protocol = heads->protocol;
		key->sequence = heads->sequence;
		return;
	}
	for (int i = 0; i < 4; i++)
		number = mix(number, (u64)heads->sender[i] << 32 | heads->receiver[i]);
	number = mix(number, (u64)heads->ports << 32 | heads->sequence);
	key->id = mix(number, (u64)heads->length << 8 | heads->protocol);
	key->protocol = ~0u;
}

static __always_inline u32 count_before(const struct cf_packet_key *key, bool sent)
{
	static const struct packet_counts none;
	struct packet_counts *counts = bpf_map_lookup_elem(&cf_packet_counts, key);

	if (!counts) {
		bpf_map_update_elem(&cf_packet_counts, key, &none, BPF_NOEXIST);
		counts = bpf_map_lookup_elem(&cf_packet_counts, key);
	}
	if (!counts) {
		cf_count_state_failure();
		return 0;
	}
	return __sync_fetch_and_add(sent ? &counts->sent : &counts->received, 1);
}

/* Returns 0 where there was no room. */
static __always_inline int publish_ipv4(struct cf_config *config, struct cf_node *node, const struct heads *heads)
{
	struct packet_sample *sample = cf_reserve(sizeof(*sample));

	if (!sample)
		return 0;
	__builtin_memset(&sample->record, 0, sizeof(sample->record));
	cf_fill_node(&sample->record.node, config, node, 0);
	sample->record.length = heads->length;
	bpf_ringbuf_submit(sample, 0);
	return 1;
}

static __always_inline int publish_ipv6(struct cf_config *config, struct cf_node *node, const struct heads *heads)
{
	struct packet6_sample *sample = cf_reserve(sizeof(*sample));
	struct cf_packet6_record *record;

	if (!sample)
		return 0;
	record = &sample->record;
	__builtin_memset(record, 0, sizeof(*record));
	cf_fill_node(&record->node, config, node, node->step >> 1);
	__builtin_memcpy(record->sender, heads->sender, sizeof(record->sender));
	__builtin_memcpy(record->receiver, heads->receiver, sizeof(record->receiver));
	record->sender_port = heads->ports;
	record->receiver_port = heads->ports >> 16;
	record->length = heads->length;
	record->protocol = heads->protocol;
	record->sequence = heads->sequence;
	bpf_ringbuf_submit(sample, 0);
	return 1;
}

/* `room`, a constant and a power of two, is at least `stored`. Only as much as is used counts as the sample's size. */
static __always_inline int publish_content(struct cf_config *config, struct cf_node *node, struct __sk_buff *packet,
					   u32 offset, u32 length, u32 stored, const u32 room)
{
	struct content_sample *sample = cf_reserve(sizeof(*sample) + room + 8);
	char *bytes = (char *)(sample + 1);

	if (!sample)
		return 0;
	/* What the verifier of 6.1 can follow: between 1 and `room`. */
	stored = ((stored - 1) & (room - 1)) + 1;
	cf_fill_node(&sample->record.node, config, node, 0);
	__builtin_memset(&sample->record.text, 0, sizeof(sample->record.text));
	sample->record.text.length = length;
	sample->record.text.stored = stored;
	sample->record.text.truncated = stored < length;
	sample->frame.size = (sizeof(*sample) + stored + 7) & ~7u;
	*(u64 *)(bytes + ((stored - 1) & (room - 1) & ~7u)) = 0;
	*(u64 *)(bytes + ((stored - 1) & (room - 1) & ~7u) + 8) = 0;
	if (bpf_skb_load_bytes(packet, offset, bytes, stored))
		sample->record.text.stored = 0;
	bpf_ringbuf_submit(sample, 0);
	return 1;
}

/* Writes the record of what lies behind all headers, of the start of it where that is long. Returns 0 as above. */
__noinline int cf_publish_content(struct __sk_buff *packet, struct cf_node *node, u32 offset)
{
	struct cf_config *config = cf_get_config();
	struct cf_stats *stats = cf_get_stats();
	u32 length = packet->len - offset, stored = length;

	if (!config || !stats || !node)
		return 0;
	if (stored > CONTENT_LIMIT) {
		stored = CONTENT_LIMIT;
		__sync_fetch_and_add(&stats->truncated, 1);
	}
	if (stored <= 128)
		return publish_content(config, node, packet, offset, length, stored, 128);
	if (stored <= 1024)
		return publish_content(config, node, packet, offset, length, stored, 1024);
	return publish_content(config, node, packet, offset, length, stored, CONTENT_LIMIT);
}

/* The node of a packet that is seen for the first time: its record is yet to be written. */
static __always_inline void fill_packet(struct cf_config *config, struct cf_node *node, const struct cf_packet_key *key,
					bool is_ipv6)
{
	cf_begin_passing(node, config, is_ipv6 ? CF_NODE_PACKET6 : CF_NODE_PACKET, key->id);
	node->published = 0;
	if (is_ipv6) {
		node->step = (u64)key->before << 1;
		return;
	}
	node->packet.receiver = key->receiver;
	node->packet.ports = key->ports;
	node->packet.protocol = key->protocol | key->before << 8;
	node->packet.sequence = key->sequence;
}

enum { NO_PACKET, NEW_PACKET, KNOWN_PACKET };

/*
 * Finds the node of a packet, or makes one, in cf_packets, and writes its record unless that was done in this epoch.
 * `found_key` tells which one it is, `offset` where what it carries begins.
 */
__noinline int cf_find_packet(struct __sk_buff *packet, struct cf_packet_key *found_key, u32 sent, u32 *offset)
{
	struct cf_config *config = cf_get_config();
	static const struct cf_node none;
	struct cf_node *node;
	struct heads heads = {};
	/* Of its own: the verifier of 6.1 takes none that came as an argument. */
	struct cf_packet_key key;
	bool is_ipv6;
	u64 published;
	int found = KNOWN_PACKET;

	if (!config || !found_key || !offset)
		return NO_PACKET;
	is_ipv6 = packet->protocol == bpf_htons(PROTOCOL_IPV6);
	if (is_ipv6 ? !read_ipv6(&heads, packet) :
		      packet->protocol != bpf_htons(PROTOCOL_IPV4) || !read_ipv4(&heads, packet))
		return NO_PACKET;
	make_key(&key, &heads);
	key.before = count_before(&key, sent);
	node = bpf_map_lookup_elem(&cf_packets, &key);
	if (!node) {
		found = NEW_PACKET;
		/* Nobody else knows of it yet: it is filled in where it is. */
		bpf_map_update_elem(&cf_packets, &key, &none, BPF_ANY);
		node = bpf_map_lookup_elem(&cf_packets, &key);
		if (node)
			fill_packet(config, node, &key, is_ipv6);
	}
	if (!node) {
		cf_count_state_failure();
		return NO_PACKET;
	}
	published = cf_published(config, node->step >> 1);
	if (node->published != published && cf_keeps_back(config, node->type))
		node->published = published;
	if (node->published != published)
		node->published = (is_ipv6 ? publish_ipv6(config, node, &heads) :
					     publish_ipv4(config, node, &heads)) ? published : 0;
	*found_key = key;
	*offset = heads.offset;
	return found;
}

/* The socket of a packet, if its packets are to be recorded. */
static __always_inline struct cf_node *recorded_socket(struct __sk_buff *packet)
{
	struct cf_config *config = cf_get_config();
	struct sock *sk = packet->sk;
	struct cf_node *node;
	u64 socket, inode;

	if (!config || !config->enabled || !(config->policies & CF_ANY_ADDRESS) || !sk)
		return NULL;
	socket = (u64)BPF_CORE_READ((struct sock *)cf_address(sk), sk_socket);
	if (!socket)
		return NULL;
	inode = (u64)&((struct socket_alloc *)socket)->vfs_inode;
	node = bpf_map_lookup_elem(&cf_inodes, &inode);
	return node && (node->flags & (CF_RECORD | CF_OPAQUE)) == CF_RECORD ? node : NULL;
}

/* content -> packet: what a packet carries that was sent here is known from then. */
__noinline int cf_record_content(struct __sk_buff *packet, struct cf_node *node, u32 offset)
{
	struct cf_config *config = cf_get_config();
	struct cf_act act = { .relation = CF_PACKET_CONTENT };
	struct cf_node content;

	if (!config || !node || packet->len <= offset || config->node_filter & CF_SUBTYPE_MASK & CF_NODE_PACKET_CONTENT)
		return 0;
	cf_begin_passing(&content, config, CF_NODE_PACKET_CONTENT, cf_new_id());
	if (!cf_keeps_back(config, CF_NODE_PACKET_CONTENT) && !cf_publish_content(packet, &content, offset))
		content.published = 0;
	return cf_relate(&act, &content, node);
}

/* content -> packet; socket -> packet or packet -> socket */
static __always_inline void record(struct __sk_buff *packet, bool sent)
{
	u64 sock = cf_has_address_rules() && packet->sk ? cf_address(packet->sk) : 0;
	bool waits = sock && cf_awaits_accept(sock);
	struct cf_node *socket = waits ? NULL : recorded_socket(packet);
	struct cf_packet_key key = {};
	struct cf_node *node;
	u32 offset = 0;
	int found;

	if (!waits && !socket)
		return;
	found = cf_find_packet(packet, &key, sent, &offset);
	node = found == NO_PACKET ? NULL : bpf_map_lookup_elem(&cf_packets, &key);
	if (!node)
		return;
	if (found == NEW_PACKET)
		cf_record_content(packet, node, offset);
	if (waits) {
		if (cf_keep_packet(sock, &key, sent))
			return;
		socket = recorded_socket(packet);
	}
	if (socket)
		cf_relate_packet(node, socket, sent);
}

SEC("cgroup_skb/egress")
int cf_packet_egress(struct __sk_buff *packet)
{
	record(packet, true);
	return 1;
}

SEC("cgroup_skb/ingress")
int cf_packet_ingress(struct __sk_buff *packet)
{
	record(packet, false);
	return 1;
}
