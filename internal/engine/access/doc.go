// Package access decides what readers may ask the engine. The engine of the
// library has one user, who may do everything; so each statement of a reader is
// judged before it runs, in three layers that do not trust each other:
//
//   - The statement must be one reading statement, by the engine's own parser,
//     and its syntax tree must hold nothing but permitted nodes, functions, table
//     functions and relations. A name that is not on a list is refused, so that
//     whatever a new version of the engine brings is refused as well.
//   - A few constructs that the tree does not show are refused by their tokens.
//   - The reader's connection carries row filters that empty every relation that
//     is not permitted, and lists only permitted ones in the catalogue of the
//     engine. The engine applies them to the table that it resolved, whatever
//     name led there.
package access
