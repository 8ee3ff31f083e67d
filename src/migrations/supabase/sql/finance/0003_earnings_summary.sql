-- What the partner portal shows of earnings. Sums may be larger than one amount may.
create view partner_earnings_summary as
select span.scope, coalesce(sum(p.amount), 0)::numeric(20,2) as amount
from (values ('today'::text, current_date),
             ('week', date_trunc('week', current_date)::date),
             ('month', date_trunc('month', current_date)::date)) as span(scope, since)
left join payout p on p.deleted_at is null and p.occurred_on >= span.since
                  and (span.scope <> 'today' or p.occurred_on = current_date)
group by span.scope;
