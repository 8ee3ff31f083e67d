-- What a shadow may lack of what live has, in words; null where it is whole, or was filled before this was kept.
alter table shadow add column lacks text;
-- Hash of the rules it is made by: '' after its tables changed places with the live ones, null from before this was kept.
alter table shadow add column rules text;
