"""What certificates promise, each as the rows that would break it."""

from groupbuy.kernel.books import Invariant

INVARIANTS = (
    Invariant(
        "training.certificate_terms_follow",
        "The terms of a certificate are numbered, do not overlap, and the last one is its expiry.",
        """
        select t.certificate_id, t.number from (
            select t.*, lag(t.until_at) over w as before, row_number() over w as place,
                lead(t.id) over w is null as last
            from certificate_terms t
            window w as (partition by t.certificate_id order by t.number)
        ) t join certificates c on c.id = t.certificate_id
        where t.number <> t.place or t.starts_at < t.before
            or (t.place > 1 and t.before is null)
            or (t.last and t.expires_on is distinct from c.expires_on)
        union all
        select c.id, null from certificates c
        where not exists (select 1 from certificate_terms t where t.certificate_id = c.id)
        """,
    ),
    Invariant(
        "training.one_live_certificate",
        "A leader holds at most one certificate of a kind that is not revoked.",
        "select leader_id, certification_id, count(*) from certificates where revoked_at is null"
        " group by leader_id, certification_id having count(*) > 1",
    ),
    Invariant(
        "training.qualifications_are_certified",
        "Leaders are qualified by certificates exactly as these hold: in what, how long, revoked.",
        """
        select t.id as term_id, q.id as qualification_id
        from (
            select t.*, c.leader_id, c.qualification, c.revoked_at,
                'ctm_' || replace(t.id::text, '-', '') as source
            from certificate_terms t join certificates c on c.id = t.certificate_id
        ) t
        full join (select * from leader_qualifications where source like 'ctm\\_%') q
            on q.source = t.source
        where (q.leader_id, q.code, q.from_at, q.until_at, q.ended_at) is distinct from
            (t.leader_id, t.qualification, greatest(t.starts_at, t.recorded_at), t.until_at,
             t.revoked_at)
        """,
    ),
)
