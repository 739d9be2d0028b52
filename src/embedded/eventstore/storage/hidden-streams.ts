/**
 * Streams whose events are left out of $all: a persistent subscription to $all would otherwise feed
 * on its own checkpoints.
 */
export const isHidden = (stream: string): boolean => {
  if (!stream.startsWith('$')) return false;
  if (stream === '$epoch-information') return true;
  return (
    stream.startsWith('$persistentsubscription-$all::') &&
    (stream.endsWith('-checkpoint') || stream.endsWith('-parked'))
  );
};
