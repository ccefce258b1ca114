package io.jenkins.plugins.vcftoken.offline;

import static java.util.stream.Collectors.joining;

import java.util.List;
import javax.lang.model.element.AnnotationMirror;
import javax.lang.model.element.AnnotationValue;
import javax.lang.model.element.VariableElement;
import javax.lang.model.type.TypeMirror;
import javax.lang.model.util.Elements;
import javax.lang.model.util.SimpleAnnotationValueVisitor14;

/** Formats annotations and their values as Java source, with fully qualified names. */
final class AnnotationFormatter extends SimpleAnnotationValueVisitor14<String, Void> {

    private final Elements elements;

    AnnotationFormatter(Elements elements) {
        this.elements = elements;
    }

    String format(AnnotationMirror annotation) {
        return '@'
                + annotation.getAnnotationType().toString()
                + annotation.getElementValues().entrySet().stream()
                        .map(entry -> entry.getKey().getSimpleName() + " = " + visit(entry.getValue()))
                        .collect(joining(", ", "(", ")"));
    }

    @Override
    protected String defaultAction(Object constant, Void unused) {
        return elements.getConstantExpression(constant);
    }

    @Override
    public String visitType(TypeMirror type, Void unused) {
        return type + ".class";
    }

    @Override
    public String visitEnumConstant(VariableElement constant, Void unused) {
        return constant.asType() + "." + constant.getSimpleName();
    }

    @Override
    public String visitAnnotation(AnnotationMirror annotation, Void unused) {
        return format(annotation);
    }

    @Override
    public String visitArray(List<? extends AnnotationValue> values, Void unused) {
        return values.stream().map(this::visit).collect(joining(", ", "{", "}"));
    }
}
