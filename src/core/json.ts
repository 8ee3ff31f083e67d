/** JSON as rows and documents hold it. Integers beyond ±(2^53-1) and all decimals travel as strings. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/**
 * One source row as decoded from the change stream, column name to value:
 * int -> number, int64 beyond 2^53 -> decimal string, numeric -> decimal string, date -> days since 1970-01-01 or
 * `YYYY-MM-DD`, timestamptz -> ISO string in UTC with up to six decimals, json -> its text, array -> JSON array.
 */
export type Image = JsonObject;
