/**
 * What `read` answers of all of them but those it refuses: a batch that is refused is halved until they are found, so that
 * one of them does not stand in the way of the others. What is no refusal is thrown.
 */
export async function readHalving<T, R>(
  all: readonly T[],
  read: (some: readonly T[]) => Promise<readonly R[]>,
  isRefusal: (error: unknown) => boolean,
): Promise<readonly R[]> {
  try {
    return await read(all);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (all.length <= 1) return [];
    const middle = Math.ceil(all.length / 2);
    const first = await readHalving(all.slice(0, middle), read, isRefusal);
    return [...first, ...(await readHalving(all.slice(middle), read, isRefusal))];
  }
}
