import { z } from 'zod';
import { clientAddresses } from './http/client-address.js';

/** Addresses and networks of proxies, separated by commas. */
export const proxiesSetting = z
  .string()
  .transform((list) => (list.trim() === '' ? [] : list.split(',').map((each) => each.trim())))
  .superRefine((list, context) => {
    try {
      clientAddresses(list);
    } catch (error) {
      const message = error instanceof Error ? error.message : 'is no list of addresses';
      context.addIssue({ code: 'custom', message });
    }
  });
