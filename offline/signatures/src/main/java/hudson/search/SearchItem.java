// Signatures only, written by bin/signatures.
package hudson.search;

public interface SearchItem {
}
