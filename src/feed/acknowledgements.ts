import { type Pace, paceBy } from './pace.js';

/** What a consumer was sent and has not acknowledged. */
export type Acknowledgements = Pick<Pace, 'room'> &
  Readonly<{
    sent(position: number): void;
    /** Everything up to a position has arrived. */
    acknowledge(position: number): void;
    isFull(): boolean;
  }>;

/**
 * Nothing sent yet.
 *
 * @param window the most that may be unacknowledged; up to there, there is room for the past
 */
export const acknowledgements = (window: number): Acknowledgements => {
  const open: number[] = [];
  const pace = paceBy(() => open.length < window);
  return {
    room: pace.room,
    isFull: () => open.length >= window,
    sent: (position) => {
      open.push(position);
    },
    acknowledge: (position) => {
      const arrived = open.findIndex((sent) => sent > position);
      open.splice(0, arrived < 0 ? open.length : arrived);
      pace.moved();
    },
  };
};
