// Signatures only, written by bin/signatures.
package org.kohsuke.stapler.export;

@java.lang.annotation.Retention(value = java.lang.annotation.RetentionPolicy.RUNTIME)
@java.lang.annotation.Target(value = {java.lang.annotation.ElementType.FIELD, java.lang.annotation.ElementType.METHOD})
public @interface Exported {
    boolean inline() default false;

    boolean merge() default false;

    boolean skipNull() default false;

    int visibility() default 0;

    java.lang.String name() default "";

    java.lang.String verboseMap() default "";
}
