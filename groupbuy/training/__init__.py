"""The leader business school: from a newcomer to a leader who sells.

Owns: programs with courses, modules and lessons, cohorts and their live sessions, progress,
assessments, certificates, coaching, points and badges.
Calls: leaders, campaigns, settlement, media, identity; what a certificate opens is told to leaders.
Announces: attempt_graded, lesson_satisfied, program_completed, session_attended.
"""
