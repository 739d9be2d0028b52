import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';

/** How many bytes of a call may be on their way, or wait for a client that is slow, until sending waits. */
const mostBytesAhead = 64 * 1_024;

/**
 * Takes a call's next message while the one before is on its way. By itself gRPC waits until that was written, a turn
 * of the event loop later: of a hundred events that are there at once each would take a turn, a write and
 * a packet of its own. Messages that are taken in one turn leave together (ADR 58).
 */
class SendingAhead extends ServerInterceptingCall {
  #bytesAhead = 0;
  #sent: (() => void) | undefined;

  override sendMessage(message: Buffer, callback: () => void): void {
    this.#bytesAhead += message.length;
    super.sendMessage(message, () => {
      this.#bytesAhead -= message.length;
      if (this.#bytesAhead < mostBytesAhead) this.#goOn();
    });
    this.#sent = callback;
    if (this.#bytesAhead < mostBytesAhead) this.#goOn();
  }

  #goOn(): void {
    const sent = this.#sent;
    this.#sent = undefined;
    sent?.();
  }
}

/** @returns has all calls of a server send ahead */
export const sendAhead: ServerInterceptor = (_, call) => new SendingAhead(call);
