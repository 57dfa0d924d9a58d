type Koffi = typeof import('koffi');

/** The verifier's log is one message. */
const messageBytes = 1 << 20;
const mostMessages = 50;
const debugLevel = 2;

/** What libbpf has to say: kept for an error, instead of being written over the user's terminal. */
export interface LibbpfLog {
  /**
   * Runs something with libbpf's messages kept. Otherwise they go nowhere: there are thousands of little use.
   * @returns the last lines of what libbpf said
   */
  during(action: () => void): readonly string[];
}

/** Takes libbpf's messages of this process off standard error. */
export function keepLibbpfLog(koffi: Koffi, bpf: ReturnType<Koffi['load']>): LibbpfLog {
  const print = koffi.pointer(
    koffi.proto('int libbpf_print(int level, const char *format, void *arguments)'),
  );
  const setPrint = bpf.func('libbpf_set_print', 'void *', [print]);
  setPrint(null);
  return {
    during(action) {
      const messages: string[] = [];
      const text = Buffer.alloc(messageBytes);
      // A va_list is handed on by its address, on x86-64 and on arm64.
      const format = koffi
        .load(null)
        .func('int vsnprintf(_Out_ uint8_t *text, size_t bytes, const char *format, void *arguments)');
      const keep = koffi.register((level: number, pattern: string, args: unknown): number => {
        if (level >= debugLevel) return 0;
        const length = Math.max(0, Number(format(text, messageBytes, pattern, args)));
        messages.push(text.toString('utf8', 0, Math.min(length, messageBytes - 1)));
        if (messages.length > mostMessages) messages.shift();
        return 0;
      }, print);
      setPrint(keep);
      try {
        action();
      } finally {
        setPrint(null);
        koffi.unregister(keep);
      }
      const lines = messages.join('').split('\n');
      return lines.filter((line) => line.trim() !== '');
    },
  };
}
