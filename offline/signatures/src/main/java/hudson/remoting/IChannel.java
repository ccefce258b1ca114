// Signatures only, written by bin/signatures.
package hudson.remoting;

interface IChannel {
}
