// Signatures only, written by bin/signatures.
package org.kohsuke.stapler.export;

@java.lang.annotation.Inherited()
@java.lang.annotation.Retention(value = java.lang.annotation.RetentionPolicy.RUNTIME)
@java.lang.annotation.Target(value = {java.lang.annotation.ElementType.TYPE})
@org.jvnet.hudson.annotation_indexer.Indexed()
public @interface ExportedBean {
    int defaultVisibility() default 1;
}
