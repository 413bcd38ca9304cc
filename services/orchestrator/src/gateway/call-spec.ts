import type { Endpoint } from './call.ts';
import type { CallSignal } from './call-signal.ts';
import type { DialectCall } from './dialects.ts';

/** A call as it comes from a route, or from inside the service. */
export interface CallSpec extends DialectCall {
  /** Unique; see {@link GatewayCall.id}. */
  readonly id: string;
  readonly caller: string;
  readonly endUser: string | undefined;
  readonly endpoint: Endpoint;
  readonly route: string;
  readonly model: string;
  readonly private: boolean;
  /** An answer that was kept will not do; `cache-control: no-cache`. */
  readonly fresh: boolean;
  /** Size of the request as it came. */
  readonly bodyBytes: number;
  /** Aborted when the client leaves. */
  readonly signal: CallSignal;
  /** Told once, before anything else: headers for the answer, whatever it will be. */
  readonly onHeaders: (headers: Readonly<Record<string, string>>) => void;
}
