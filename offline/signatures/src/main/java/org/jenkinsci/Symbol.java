// Signatures only, written by bin/signatures.
package org.jenkinsci;

@java.lang.annotation.Retention(value = java.lang.annotation.RetentionPolicy.RUNTIME)
@java.lang.annotation.Target(value = {java.lang.annotation.ElementType.TYPE})
@org.jvnet.hudson.annotation_indexer.Indexed()
public @interface Symbol {
    java.lang.String[] value();
}
