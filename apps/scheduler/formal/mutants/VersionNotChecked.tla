--------------------------- MODULE VersionNotChecked --------------------------
\* task-service serves requests made from an older version of the template.
\* Generation: Accepted <- AnyVersion; violates EditAffectsOnlyLater
EXTENDS Generation

AnyVersion(request) == template.active

===============================================================================
