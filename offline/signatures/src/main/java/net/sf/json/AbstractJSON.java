// Signatures only, written by bin/signatures.
package net.sf.json;

abstract class AbstractJSON implements net.sf.json.JSON {
    AbstractJSON() {}
}
