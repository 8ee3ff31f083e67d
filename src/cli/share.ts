import { InvalidArgumentError } from 'commander';

/** An option that takes a share, 0 to 1. @throws InvalidArgumentError */
export function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError('A share between 0 and 1, please.');
  return value;
}
