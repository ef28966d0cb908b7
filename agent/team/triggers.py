"""What the pipeline says to the team: the ``cause_by`` of its messages. Each is answered by one action of one role."""

TASK_GIVEN = "mgx.TaskGiven"
TASK_ANALYZED = "mgx.TaskAnalyzed"
PLAN_APPROVED = "mgx.PlanApproved"
REVISION_WANTED = "mgx.RevisionWanted"
CODE_LANDED = "mgx.CodeLanded"
TESTS_WANTED = "mgx.TestsWanted"
REVIEW_WANTED = "mgx.ReviewWanted"
