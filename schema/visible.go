package schema

// VisiblePost is the condition, over post_rows FINAL, under which a post is
// shown: it is not deleted by its author, nor by a notice that names none, nor is its
// author forgotten. Views
// and methods share it.
const VisiblePost = visiblePost
