import { type DefinitionNode, Kind, type ObjectTypeDefinitionNode, type ObjectTypeExtensionNode } from 'graphql'

/** A place where an object type is written: its definition or an extension. */
export type ObjectNode = ObjectTypeDefinitionNode | ObjectTypeExtensionNode

/** Whether a definition is one of these. */
export function isObjectNode(node: DefinitionNode): node is ObjectNode {
  return node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.OBJECT_TYPE_EXTENSION
}
