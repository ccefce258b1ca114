// Signatures only, written by bin/signatures.
package org.kohsuke.stapler.verb;

@java.lang.annotation.Retention(value = java.lang.annotation.RetentionPolicy.RUNTIME)
@java.lang.annotation.Target(value = {java.lang.annotation.ElementType.METHOD})
public @interface GET {
}
