-- The stream asks these switches since. What 0003 says of a type without a row holds no more.
comment on table dual_write is
  'Which types of tasks are written here. Off: changes are held back in the ledger until it is on. Without a row: on.';
