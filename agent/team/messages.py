"""What the pipeline says to the team: the ``cause_by`` of its messages. Each is answered by one action of one role."""

TASK_GIVEN = "mgx.TaskGiven"
PLAN_APPROVED = "mgx.PlanApproved"
PARTS_WANTED = "mgx.PartsWanted"
REVISION_WANTED = "mgx.RevisionWanted"
TESTS_WANTED = "mgx.TestsWanted"
TESTS_MISSING = "mgx.TestsMissing"
REVIEW_WANTED = "mgx.ReviewWanted"
