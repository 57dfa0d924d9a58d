/** How much each user may ask for. */
export interface RateLimitOptions {
  /** Requests that may come at once. */
  readonly burst: number;
  /** Requests per second that may go on for ever. */
  readonly perSecond: number;
  /** Clock in milliseconds; other ones in tests. */
  readonly now?: () => number;
}

/** Users that are remembered; the one that asked longest ago is forgotten first. */
const mostUsers = 1024;

interface Bucket {
  left: number;
  at: number;
}

/** A bucket for each user: full at the start, filled again as time goes by. */
export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #now: () => number;
  readonly #buckets = new Map<number, Bucket>();

  constructor(options: RateLimitOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Whether a user may ask once more. */
  take(uid: number): boolean {
    const { burst, perSecond } = this.#options;
    const at = this.#now();
    const bucket = this.#buckets.get(uid) ?? { left: burst, at };
    bucket.left = Math.min(burst, bucket.left + ((at - bucket.at) / 1000) * perSecond);
    bucket.at = at;
    this.#buckets.delete(uid);
    this.#buckets.set(uid, bucket);
    if (this.#buckets.size > mostUsers) this.#buckets.delete(this.#buckets.keys().next().value!);
    if (bucket.left < 1) return false;
    bucket.left -= 1;
    return true;
  }
}
