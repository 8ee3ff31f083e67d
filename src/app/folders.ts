import { fileURLToPath } from 'node:url';

/** Files of the checkout that are data, found from the sources and from the build alike. */
export const connectorFolder = fileURLToPath(new URL('../../connectors', import.meta.url));
export const topicFolder = fileURLToPath(new URL('../../topics', import.meta.url));
