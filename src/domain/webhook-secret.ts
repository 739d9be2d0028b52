/** How secrets begin, as Standard Webhooks 1.0 has it; base64 of the key follows. */
export const secretPrefix = 'whsec_';

const base64 = /^[A-Za-z0-9+/]+={0,2}$/;
const fewestBytes = 24;
const mostBytes = 64;

/** Whether a text is a secret that Standard Webhooks 1.0 allows: `whsec_` and base64 of 24 to 64 bytes. */
export const isWebhookSecret = (text: string): boolean => {
  const encoded = text.slice(secretPrefix.length);
  if (!text.startsWith(secretPrefix) || !base64.test(encoded) || encoded.length % 4 !== 0)
    return false;
  const padding = encoded.length - encoded.replace(/=+$/, '').length;
  const bytes = (encoded.length / 4) * 3 - padding;
  return bytes >= fewestBytes && bytes <= mostBytes;
};
