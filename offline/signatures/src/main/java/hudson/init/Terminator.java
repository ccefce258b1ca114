// Signatures only, written by bin/signatures.
package hudson.init;

@java.lang.annotation.Retention(value = java.lang.annotation.RetentionPolicy.RUNTIME)
@java.lang.annotation.Target(value = {java.lang.annotation.ElementType.METHOD})
@org.jvnet.hudson.annotation_indexer.Indexed()
public @interface Terminator {
    hudson.init.TermMilestone after() default hudson.init.TermMilestone.STARTED;

    hudson.init.TermMilestone before() default hudson.init.TermMilestone.COMPLETED;

    java.lang.String displayName() default "";

    java.lang.String[] attains() default {};

    java.lang.String[] requires() default {};
}
