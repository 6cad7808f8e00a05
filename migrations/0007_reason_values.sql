-- What a reason is about, by name: which names there are stands beside each reason in the product's code.
-- `detail` says the same in words. A column without a default is no rewrite, and versions before leave it empty.
alter table notification_log add column reason_values jsonb;
